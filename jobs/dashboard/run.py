"""A run: what became of it, moment by moment, what it wrote, and what can be done with it."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone

from jobs import telemetry
from jobs.access.actor import Actor
from jobs.choices import ENDED, Status, Verb
from jobs.dashboard import preferences
from jobs.dashboard.louder import louder
from jobs.dashboard.moments import shown
from jobs.dashboard.output import box, tail, traceback_of
from jobs.dashboard.pages import Context, act, page
from jobs.dashboard.sent_twice import retry_once
from jobs.declarations.registry import registry
from jobs.formats import command_line, format_duration, size
from jobs.ledger import obstacles
from jobs.ledger.obstacles import Rule
from jobs.ledger.run_watches import are_watched_by
from jobs.models import Attempt, Run
from jobs.reading import notes
from jobs.reading.board import BAD
from jobs.reading.incidents import of_run
from jobs.reading.last_success import LastSuccess, last_success, said_of_failure
from jobs.reading.overview import visible_arguments
from jobs.reading.pipeline import pipeline
from jobs.reading.seen import run_of
from jobs.reading.timeline import timeline
from jobs.reading.usual import Usual, usual_durations
from jobs.verbs.cancel import cancel
from jobs.verbs.note import note_on_run
from jobs.verbs.pin import pin, unpin
from jobs.verbs.tell_me import tell_me, tell_me_no_more

# A larger result is shown in part.
LONGEST_RESULT = 4_000


@page("run.html", every=5)
def run(request: HttpRequest, actor: Actor, pk: int) -> Context:
    found = run_of(actor, pk, among=Run.objects.annotate(is_watched=are_watched_by(actor.user_id)))
    attempts = list(Attempt.objects.filter(run=pk).order_by("number"))
    usual = usual_durations(timezone.now()).get(found.job)
    before = last_success(found) if attempts else None
    declared = registry.get(found.job)
    return (
        {
            "title": f"Run {pk}",
            "at": "runs",
            "every": None if found.status in ENDED else 5,
            "live": True,
            "says": f"Run {pk}: {found.get_status_display()}",
            "run": found,
            "is_declared": declared is not None,
            "confirm": declared.confirm if declared else "",
            "key": uuid4().hex,
            "runbook": declared.runbook if declared else "",
            "arguments": command_line(visible_arguments(found)),
            "waits": _waits(found, preferences.of(request).zone),
            "moments": timeline(found, attempts),
            "attempts": [(attempt, telemetry.url_of(attempt.trace_id)) for attempt in attempts],
            "usual": usual,
            "progress": _progress(found),
            "against_usual": _against(found, usual),
            "result": _result(found),
            "warnings": attempts[-1].warnings if attempts else 0,
            "of_failure": _of_failure(found, attempts, before),
            "last_success": before,
            "pipeline": pipeline(found),
            "incident": of_run(found.job, pk),
            "notes_of_run": notes.of_run(pk),
        }
        | _permissions(actor, found)
        | _output(actor, found, attempts)
    )


def _permissions(actor: Actor, found: Run) -> Context:
    has_ended = found.status in ENDED
    return {
        "may_cancel": not has_ended and actor.may(Verb.CANCEL, found.job),
        "may_retry": has_ended and actor.may(Verb.RUN, found.job) and found.job in registry,
        "may_note": actor.may(Verb.RUN, found.job),
        "may_pin": actor.may(Verb.OVERRIDE, found.job),
        "may_read": actor.may(Verb.OUTPUT, found.job),
    }


def _output(actor: Actor, found: Run, attempts: Sequence[Attempt]) -> Context:
    """The end of what it wrote, and its last traceback. Attempts without a row have written nothing."""
    if not actor.may(Verb.OUTPUT, found.job) or (found.attempt and not attempts):
        return {}
    shown = box(found, tail(found.pk))
    return shown | {"traceback": traceback_of(shown["rows"]) if found.status in BAD else []}


def _waits(found: Run, zone: ZoneInfo) -> str:
    """Why a queued run hasn't started, as the rest of a sentence; empty where it may."""
    obstacle = obstacles.obstacle(found.pk) if found.status == Status.QUEUED else None
    if obstacle is None or obstacle.rule is Rule.STATUS:
        return ""
    now = timezone.now()
    return obstacle.sentence(lambda moment: f"{shown(moment, 'full', now, zone)} {zone.key}")


def _progress(found: Run) -> dict[str, Any] | None:
    """Of what it reports: how far, how fast, and how long the rest takes at this rate."""
    reported = found.progress if isinstance(found.progress, dict) else {}
    done, total, rate = (_number(reported.get(name)) for name in ("done", "total", "rate"))
    if done is None and not reported.get("message"):
        return None
    left = (
        timedelta(seconds=round((total - done) / rate))
        if done is not None and total and rate and total > done
        else None
    )
    return {
        "share": min(round(100 * done / total), 100) if done is not None and total else None,
        "done": done,
        "total": total,
        "rate": rate,
        "left": left if found.status == Status.RUNNING else None,
        "message": reported.get("message") or "",
    }


def _number(value: object) -> float | None:
    # A command may report anything.
    return value if isinstance(value, int | float) and -1e15 < value < 1e15 else None


def _against(found: Run, usual: Usual | None) -> str:
    """How long it took against what is usual: "usually 12 min, now 14 min"."""
    if usual is None or found.duration is None or found.status == Status.QUEUED:
        return ""
    return f"usually {format_duration(usual.p50)}, now {format_duration(found.duration)}"


def _of_failure(found: Run, attempts: Sequence[Attempt], before: LastSuccess | None) -> str:
    if found.status not in BAD or not attempts:
        return ""
    return said_of_failure(before, attempts[-1].release)


def _result(found: Run) -> str:
    if found.result is None:
        return ""
    text = json.dumps(found.result, indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST_RESULT else f"{text[:LONGEST_RESULT]}\n… {size(len(text.encode()))} in all"


@act
def do_with_a_run(request: HttpRequest, actor: Actor, pk: int) -> str | tuple[str, str]:
    """The buttons of a run's page; `do` says which."""
    given = request.POST
    reason = given.get("reason", "").strip()
    match given.get("do"):
        case "cancel":
            return _cancel(actor, pk, reason)
        case "retry":
            return _retry(actor, pk, None, given)
        case "louder":
            found = Run.objects.filter(pk=pk).only("arguments").first()
            return _retry(actor, pk, louder(found.arguments if found else []), given)
        case "pin":
            pin(actor, pk, reason=reason)
            return f"Run {pk} is kept until somebody unpins it."
        case "unpin":
            unpin(actor, pk, reason=reason)
            return f"Run {pk} is left to retention again."
        case "mail":
            return f"{tell_me(actor, pk)} gets an e-mail when run {pk} has ended."
        case "no_mail":
            tell_me_no_more(actor, pk)
            return f"You get no e-mail when run {pk} has ended."
        case "note":
            note_on_run(actor, pk, given.get("text", ""))
            return "Noted."
    return ""


def _cancel(actor: Actor, pk: int, reason: str) -> str:
    status = cancel(actor, pk, reason=reason)
    if status is None:
        return f"Run {pk} had ended already."
    return f"Run {pk} is cancelled." if status in ENDED else f"Run {pk} is asked to end."


def _retry(actor: Actor, pk: int, words: Sequence[str] | None, given: QueryDict) -> tuple[str, str]:
    """It leads to the new run, where its output comes."""
    new = retry_once(actor, pk, words, given.get("confirm", ""), given.get("key", "")).run
    said = f" {new.error}" if new.status == Status.SKIPPED else ""
    return f"Run {new.pk} retries run {pk}; it is {new.get_status_display().lower()}.{said}", reverse(
        "nightshift:run", args=[new.pk]
    )
