"""What may be said of an occurrence that has neither a run nor a gap."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jobs.choices import InterventionKind
from jobs.declarations.disabled import setting_that_disables
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import format_duration
from jobs.ledger import overrides
from jobs.ledger.eras import INSTANT
from jobs.ledger.in_force import InForce
from jobs.models import Intervention, JobState
from jobs.reading.explain.evidence import Answer, Cause, Clock, Evidence, sentence
from jobs.schedule.occurrences import same_occurrences

# The tick comes once a minute and gives timers half a minute: who waits longer than this waits for nobody.
NOBODY_ON_DUTY = timedelta(minutes=3)


def explain_without_rows(job: Job, evidence: Evidence, due: str) -> Answer:
    state = evidence.states.get(job.name)
    if state is None or state.ledger_from is None or state.ledger_through is None:
        return Cause.UNDECIDED, [due, f"{job.name} has no ledger yet: it begins with the first tick that sees the job."]
    if evidence.occurrence <= state.ledger_from:
        return Cause.BEFORE_LEDGER, [due, *_before_ledger(job, state, state.ledger_from, evidence)]
    if not same_occurrences(state.fingerprint, job.fingerprint):
        return Cause.UNDECIDED, [
            due,
            f"Its schedule has changed since ({_was(state)}): the new one applies from the next tick.",
        ]
    if evidence.occurrence > state.ledger_through:
        return Cause.UNDECIDED, [due, *_undecided(state.ledger_through, evidence)]
    return Cause.UNRECORDED, [
        due,
        f"The ledger, which reaches from {evidence.clock.short(state.ledger_from)} to "
        f"{evidence.clock.short(state.ledger_through)}, has no entry for it. That is a bug: please report it.",
    ]


def _was(state: JobState) -> str:
    return f"it was {state.fingerprint}" if state.fingerprint else "it had none"


def _before_ledger(job: Job, state: JobState, begin: datetime, evidence: Evidence) -> Iterator[str]:
    # It covers what comes after `begin`: where that lies an instant before a full second, it is this second.
    first = (begin + INSTANT).replace(microsecond=0)
    yield f"That is before its ledger begins, {evidence.clock.full(first)}."
    present = evidence.in_force_now.get(job.name, InForce()).override
    if present and present.began_at == begin:
        yield "The current override began then, and the ledger with it."
    elif ended := _override_that_ended(job, begin):
        yield describe_ended(ended, evidence.clock)
    elif event := evidence.edits.get(job.name):
        yield f"{sentence(event.message)} That was at {evidence.clock.full(event.at)}."
    else:
        yield "The job was first seen then, or older entries were deleted."
    schedule = overrides.applied(registry[job.name], present).schedule if job.name in registry else None
    if following := (schedule or evidence.schedule).next(begin):
        yield f"The first occurrence that it covers is {evidence.clock.full(following)}."


def _override_that_ended(job: Job, begin: datetime) -> Intervention | None:
    """The override with whose end the ledger begins."""
    ended = Intervention.objects.filter(job=job.name, kind=InterventionKind.OVERRIDE, ended_at=begin + INSTANT)
    return ended.first()


def describe_ended(override: Intervention, clock: Clock) -> str:
    """An override that has ended: whose it was, and when it was in force."""
    assert override.end is not None
    by = f", when {override.ended_by} ended that" if override.ended_by else ""
    why = f": {sentence(override.reason)}" if override.reason else "."
    return (
        f"Its declaration was overridden by {override.by} from {clock.full(override.began_at)} "
        f"to {clock.full(override.end)}{by}{why}"
    )


def _undecided(through: datetime, evidence: Evidence) -> Iterator[str]:
    reach = evidence.clock.short(through)
    if evidence.clock.ago(evidence.occurrence) <= NOBODY_ON_DUTY:
        yield f"It isn't decided yet: the next tick comes within a minute. The ledger reaches to {reach}."
    else:
        yield f"It isn't decided: the ledger reaches to {reach} only."
        yield "No host seems to be running: is the app up, and its function `tick` enabled?"


def not_due(job: Job, evidence: Evidence) -> list[str]:
    away = format_duration(evidence.occurrence - evidence.now)
    sentences = [f"{job.name} isn't due yet: it is at {evidence.clock.full(evidence.occurrence)}, in {away}."]
    pause, _, hold = evidence.in_force_now.get(job.name, InForce())
    if setting := setting_that_disables(job.name):
        sentences.append(f"It will be skipped while the function is disabled in Azure by the app setting {setting}.")
    elif pause and not pause.is_over(evidence.occurrence):
        until = f" until {evidence.clock.short(pause.until)}" if pause.until else ""
        why = f": {sentence(pause.reason)}" if pause.reason else "."
        sentences.append(f"It will be skipped: the job is paused by {pause.by}{until}{why}")
    elif hold and not hold.is_over(evidence.occurrence):
        until = f" until {evidence.clock.short(hold.until)}" if hold.until else ""
        why = f": {sentence(hold.reason)}" if hold.reason else "."
        sentences.append(f"It will be skipped: everything is held by {hold.by}{until}{why}")
    return sentences
