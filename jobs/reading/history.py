"""What operators changed at run time, also where it has ended since: newest first."""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from jobs import masking
from jobs.choices import InterventionKind
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import command_line
from jobs.ledger import overrides
from jobs.models import Intervention


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """One intervention. `what` is for people; `ended_at` is None while it is in force, `ended_by` empty where it
    ended by itself. The values of secret options are masked.
    """

    job: str
    kind: InterventionKind
    what: str
    by: str
    reason: str
    since: datetime
    until: datetime | None
    ended_at: datetime | None
    ended_by: str


def history(now: datetime | None = None) -> list[Past]:
    """All interventions that retention has kept. One query."""
    moment = now or timezone.now()
    return [
        Past(
            job=found.job or "–",
            kind=InterventionKind(found.kind),
            what=what(found),
            by=found.by,
            reason=found.reason,
            since=found.began_at,
            until=found.until,
            ended_at=found.end if found.ended_at or found.is_over(moment) else None,
            ended_by=found.ended_by,
        )
        for found in Intervention.objects.order_by("-began_at", "-pk")
    ]


def arguments_of(found: Intervention) -> str:
    """An override's arguments as a person may see them; empty where it has none of its own, or they can't be read."""
    job = registry[found.job] if found.job in registry else Job(name=found.job, command=found.job)
    if found.arguments is None or overrides.unreadable(job, found):
        return ""
    return command_line(masking.hide(job, found.arguments)) or "none"


def what(found: Intervention) -> str:
    """What it changes, in words."""
    if found.kind == InterventionKind.PAUSE:
        return "paused"
    if found.kind == InterventionKind.HOLD:
        return "held, whoever asks" if found.all_starts else "held"
    named = {"schedule": found.schedule, "time zone": found.time_zone, "arguments": arguments_of(found)}
    return ", ".join(f"{name} {value}" for name, value in named.items() if value) or "can't be read"
