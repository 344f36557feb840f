"""What may be said of an occurrence that has neither a run nor a gap."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from jobs.declarations.disabled import setting_that_disables
from jobs.declarations.job import Job
from jobs.formats import format_duration
from jobs.ledger.eras import INSTANT
from jobs.models import Event, JobState
from jobs.reading.explain.evidence import Cause, Scene, Told, sentence
from jobs.schedule.occurrences import same_occurrences

# The tick comes once a minute and gives timers half a minute: who waits longer than this waits for nobody.
NOBODY_ON_DUTY = timedelta(minutes=3)


def told_without_rows(job: Job, scene: Scene, due: str) -> Told:
    state = scene.states.get(job.name)
    if state is None or state.ledger_from is None or state.ledger_through is None:
        return Cause.UNDECIDED, [due, f"{job.name} has no ledger yet: it begins with the first tick that sees the job."]
    if scene.occurrence <= state.ledger_from:
        return Cause.BEFORE_LEDGER, [due, *_before_ledger(job, state, state.ledger_from, scene)]
    if not same_occurrences(state.fingerprint, job.fingerprint):
        return Cause.UNDECIDED, [
            due,
            f"Its schedule has changed since ({_was(state)}): the new one applies from the next tick.",
        ]
    if scene.occurrence > state.ledger_through:
        return Cause.UNDECIDED, [due, *_undecided(state.ledger_through, scene)]
    return Cause.UNRECORDED, [
        due,
        f"The ledger, which reaches from {scene.clock.short(state.ledger_from)} to "
        f"{scene.clock.short(state.ledger_through)}, has no entry for it. That is a bug: please report it.",
    ]


def _was(state: JobState) -> str:
    return f"it was {state.fingerprint}" if state.fingerprint else "it had none"


def _before_ledger(job: Job, state: JobState, begin: datetime, scene: Scene) -> Iterator[str]:
    # It covers what comes after `begin`: where that lies an instant before a full second, it is this second.
    first = (begin + INSTANT).replace(microsecond=0)
    yield f"That is before its ledger begins, {scene.clock.full(first)}."
    if state.override_at == begin:
        yield "The current override began then, and the ledger with it."
    elif event := _override_that_ended(job, begin, scene) or scene.events.get((job.name, "schedule_changed")):
        yield f"{sentence(event.message)} That was at {scene.clock.full(event.at)}."
    else:
        yield "The job was first seen then, or older entries were deleted."
    if following := scene.schedule.next(begin):
        yield f"The first occurrence that it covers is {scene.clock.full(following)}."


def _override_that_ended(job: Job, begin: datetime, scene: Scene) -> Event | None:
    """Where the ledger began with an override's end: that end, or the override itself if it held at the occurrence."""
    events = Event.objects.filter(job=job.name, kind__in=["overridden", "override_ended"])
    held = events.filter(at__lt=begin).order_by("-at", "-pk").first()
    ended = events.filter(at__gte=begin, kind="override_ended").order_by("at", "pk").first()
    if held is None or held.kind != "overridden" or ended is None:
        return None
    return held if held.at <= scene.occurrence else ended


def _undecided(through: datetime, scene: Scene) -> Iterator[str]:
    reach = scene.clock.short(through)
    if scene.clock.ago(scene.occurrence) <= NOBODY_ON_DUTY:
        yield f"It isn't decided yet: the next tick comes within a minute. The ledger reaches to {reach}."
    else:
        yield f"It isn't decided: the ledger reaches to {reach} only."
        yield "No host seems to be running: is the app up, and its function `tick` enabled?"


def not_due(job: Job, scene: Scene) -> list[str]:
    away = format_duration(scene.occurrence - scene.now)
    told = [f"{job.name} isn't due yet: it is at {scene.clock.full(scene.occurrence)}, in {away}."]
    state = scene.states.get(job.name)
    if setting := setting_that_disables(job.name):
        told.append(f"It will be skipped while the function is disabled in Azure by the app setting {setting}.")
    elif state and state.is_paused(scene.occurrence):
        until = f" until {scene.clock.short(state.paused_until)}" if state.paused_until else ""
        why = f": {sentence(state.paused_reason)}" if state.paused_reason else "."
        told.append(f"It will be skipped: the job is paused by {state.paused_by}{until}{why}")
    return told
