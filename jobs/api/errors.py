"""Each error of the API as problem details, from one handler and one table."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from jobs import problems
from jobs.access.actor import Refused, Unseen
from jobs.access.selectors import UnreadableSelector
from jobs.alerts.listing import UnknownChannel
from jobs.declarations.alert_text import UnreadableRule
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import UnknownJob
from jobs.ledger import (
    carving,
    channels,
    holds,
    idempotency,
    incident_acts,
    interventions,
    missed,
    notes,
    pipelines,
    presets,
    retrying,
    run_labels,
    run_watches,
    selections,
    sql,
)
from jobs.middleware import RETRY_AFTER
from jobs.reading import run_lists
from jobs.reading.output.cursor import UnreadableCursor
from jobs.reading.statistics import NoRange
from jobs.reading.transcript import OutputDeleted, UnknownAttempt, UnknownRun
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.zones import UnknownZone
from jobs.verbs import grants, tell_me, tokens
from jobs.verbs.cancel import Ended
from jobs.verbs.service_accounts import UnknownService
from jobs.verbs.start import Unconfirmed

# 400: the request itself can't be read. 422: it can, and the job, its command or the ledger doesn't take it.
# 409: the state of the job or run is in the way. What may not be seen answers as what isn't there: 404.
STATUS: dict[type[Exception], int] = {
    UnreadableSelector: 400,
    UnreadableRule: 400,
    NoRange: 400,
    UnreadableCursor: 400,
    missed.NothingNamed: 400,
    Refused: 403,
    Unseen: 404,
    UnknownJob: 404,
    UnknownChannel: 404,
    UnknownRun: 404,
    UnknownAttempt: 404,
    retrying.UnknownRun: 404,
    missed.UnknownGap: 404,
    selections.UnknownSelection: 404,
    incident_acts.UnknownIncident: 404,
    presets.UnknownPreset: 404,
    grants.UnknownGrant: 404,
    tokens.UnknownToken: 404,
    interventions.AlreadyPaused: 409,
    interventions.NotPaused: 409,
    interventions.AlreadyOverridden: 409,
    interventions.NotOverridden: 409,
    holds.AlreadyHeld: 409,
    holds.NotHeld: 409,
    channels.NotOff: 409,
    retrying.StillActive: 409,
    selections.SelectionExpired: 409,
    selections.OtherAct: 409,
    incident_acts.AlreadyResolved: 409,
    incident_acts.AlreadyAcknowledged: 409,
    presets.PresetTaken: 409,
    Ended: 409,
    run_watches.AlreadyEnded: 409,
    idempotency.StillAtWork: 409,
    OutputDeleted: 410,
    BrokenCommand: 422,
    InvalidArguments: 422,
    InvalidExpression: 422,
    UnknownCommand: 422,
    UnknownZone: 422,
    Unconfirmed: 422,
    interventions.NeverDue: 422,
    interventions.NothingToOverride: 422,
    interventions.OverrideEndsBeforeItBegins: 422,
    interventions.OverrideEndsInThePast: 422,
    interventions.PauseEndsInThePast: 422,
    idempotency.UsedForAnother: 422,
    holds.HoldEndsInThePast: 422,
    missed.FollowsOthers: 422,
    carving.UnreadableGap: 422,
    run_labels.BadLabel: 422,
    run_labels.TooManyLabels: 422,
    notes.NoText: 422,
    presets.NoPresetName: 422,
    presets.TooManyPresets: 422,
    notes.TooLong: 422,
    incident_acts.BadSnooze: 422,
    incident_acts.LongNote: 422,
    selections.TooManySelected: 422,
    selections.UnknownRuns: 422,
    run_lists.TooManyLookedAt: 422,
    UnknownService: 422,
    grants.EndsInThePast: 422,
    tell_me.NoAddress: 422,
    tell_me.NoUser: 422,
    tokens.NoLifetime: 422,
    tokens.NoName: 422,
    tokens.NoScope: 422,
    pipelines.DifferentSchedules: 422,
    sql.Busy: 503,
}
# Names of Python's and of Django's own say less than the status does.
PLAIN = (Http404, PermissionDenied)


def handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """The answer to an error of a view; None where it is a fault of ours."""
    answer = _answer(error)
    if answer is not None:
        set_rollback()
    return answer


def _answer(error: Exception) -> HttpResponse | None:
    if isinstance(error, exceptions.APIException):
        return _of_rest_framework(error)
    if isinstance(error, PLAIN):
        status = 404 if isinstance(error, Http404) else 403
        return problems.response(status, str(error) or "Nothing is there, or you may not see it.")
    if isinstance(error, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return problems.response(413, f"The body is longer than {most:,} bytes. Send less.", "BodyTooLarge")
    kind = next((kind for kind in type(error).__mro__ if kind in STATUS), None)
    if kind is None:
        return None
    status = STATUS[kind]
    headers = {"Retry-After": RETRY_AFTER} if status == 503 else {}
    at_fields = getattr(error, "at_fields", None)
    return problems.response(status, str(error), kind.__name__, errors=at_fields, headers=headers)


def _of_rest_framework(error: exceptions.APIException) -> HttpResponse:
    headers = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if (wait := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait) + 1)
    if not isinstance(error, exceptions.ValidationError):
        return problems.response(error.status_code, str(error.detail), headers=headers)
    errors = _by_field(error.detail)
    return problems.response(error.status_code, next(iter(errors.values()))[0], "InvalidRequest", errors=errors)


def _by_field(detail: Any) -> dict[str, list[str]]:
    """Sentences by field: `words.2` is the third of a list. What belongs to no field has an empty name."""
    found: dict[str, list[str]] = {}
    for name, sentence in _flat("", detail):
        found.setdefault(name, []).append(sentence)
    return found or {"": ["The request is not valid."]}


def _flat(name: str, detail: Any) -> Iterator[tuple[str, str]]:
    if isinstance(detail, Mapping):
        for key, value in detail.items():
            below = "" if key == "non_field_errors" else str(key)
            yield from _flat(".".join(filter(None, [name, below])), value)
    elif isinstance(detail, list | tuple):
        for value in detail:
            yield from _flat(name, value)
    else:
        yield name, str(detail)
