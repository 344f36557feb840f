"""Let somebody do more with some jobs, and end that. Only who may administer all jobs decides it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from jobs.access.actor import Actor
from jobs.access.granting import in_order
from jobs.access.holders import holder_of
from jobs.access.rules import role_of
from jobs.access.selectors import Selector
from jobs.choices import EventKind, Verb
from jobs.ledger import events, states
from jobs.models import Grant, ServiceAccount
from jobs.sentences import Sentence
from jobs.verbs.acting import acting_everywhere


class UnknownGrant(Sentence, LookupError):
    """There is no grant {grant} in force. `manage.py grant list` lists those that are."""

    def __init__(self, grant: int) -> None:
        super().__init__(grant=grant)


class EndsInThePast(Sentence, ValueError):
    """{until:%Y-%m-%d %H:%M} UTC is over. Give an end in the future, or none."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until=until)


def grant(
    actor: Actor,
    verbs: Sequence[Verb],
    jobs: str,
    *,
    user: Any = None,
    group: Any = None,
    service: ServiceAccount | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> Grant:
    """Let one user, group or service account do these things with the jobs that this selector names.

    Raises Refused, UnreadableSelector or EndsInThePast.
    """
    with acting_everywhere(actor, Verb.ADMIN), transaction.atomic():
        selector = Selector.read(jobs)
        if until is not None and until <= states.clock():
            raise EndsInThePast(until)
        given = Grant.objects.create(
            user=user,
            group=group,
            service=service,
            verbs=[verb.value for verb in in_order(verbs)],
            selector=selector.text,
            reason=reason,
            created_by=actor.name,
            until=until,
        )
        message = f"{actor.name} granted {holder_of(given)} {_what(given)} (grant {given.pk})."
        events.record(EventKind.GRANTED, message, by=actor.name, reason=reason, after=_facts(given))
    return given


def end_grant(actor: Actor, grant_id: int, *, reason: str = "") -> Grant:
    """End a grant now. Raises Refused or UnknownGrant."""
    with acting_everywhere(actor, Verb.ADMIN), transaction.atomic():
        rows = Grant.objects.in_force().select_for_update(of=("self",)).select_related("user", "group", "service")
        ended = rows.filter(pk=grant_id).first()
        if ended is None:
            raise UnknownGrant(grant_id)
        before = _facts(ended)
        ended.until = states.clock()
        ended.save(update_fields=["until"])
        message = f"{actor.name} ended grant {ended.pk}: {holder_of(ended)} {_what(ended)}."
        events.record(EventKind.GRANT_ENDED, message, by=actor.name, reason=reason, before=before)
    return ended


def _what(given: Grant) -> str:
    return f"{role_of(map(Verb, given.verbs)) or ', '.join(given.verbs)} on {given.selector}"


def _facts(given: Grant) -> dict[str, Any]:
    return {
        "grant": given.pk,
        "holder": holder_of(given),
        "verbs": given.verbs,
        "jobs": given.selector,
        "until": given.until and given.until.isoformat(),
    }
