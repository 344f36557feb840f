"""Why didn't it run at 02:00? The ledger's answer for one occurrence of a job, in a few plain sentences.

Each cause has a function of its own, found in a table by a run's status (`RUN`) or a gap's reason (`GAP`). The number
of queries is the same for any length of ledger and pipeline.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q

from jobs import overrides, states
from jobs.declarations import Job, registry
from jobs.disabled import setting_that_disables
from jobs.fate import CATCH_UP_LIMIT, INSTANT
from jobs.models import Attempt, Event, Gap, JobState, Run
from jobs.occurrences import Schedule
from jobs.overrides import Override
from jobs.presentation import counted, took
from jobs.words import AttemptStatus, Misfire, Reason, Status

# The tick comes once a minute and gives timers half a minute: who waits longer than this waits for nobody.
NOBODY_ON_DUTY = timedelta(minutes=3)
# Of a run with more attempts only the first and the last are told.
TOLD_ATTEMPTS = 3


class Cause(StrEnum):
    """What the explanation comes down to, for programs."""

    RAN = "ran"  # its run has ended, however it did
    RUNNING = "running"  # its run is at work
    QUEUED = "queued"  # its run waits
    SKIPPED = "skipped"  # a rule or an operator said no
    MISSED = "missed"  # nobody was there in time
    WAITS = "waits"  # a step whose predecessors haven't all ended
    NOT_DUE = "not_due"  # it lies ahead
    UNDECIDED = "undecided"  # it was due, and the ledger doesn't reach so far yet
    BEFORE_LEDGER = "before_ledger"  # it lies before what the ledger covers
    UNRECORDED = "unrecorded"  # the ledger covers it and holds nothing: that should never be
    NO_OCCURRENCE = "no_occurrence"  # there is none to explain


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What happened to an occurrence: sentences for people, facts for programs.

    `previous` and `next` are the neighbours of the moment asked for, where it is no occurrence itself.
    """

    job: str
    cause: Cause
    sentences: tuple[str, ...]
    occurrence: datetime | None = None
    run: Run | None = None
    gap: Gap | None = None
    previous: datetime | None = None
    next: datetime | None = None

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def explain(job: Job, when: datetime | None = None, now: datetime | None = None) -> Explanation:
    """What happened to the job's occurrence nearest `when`; without it, to the latest that was due.

    `now` is the database's clock unless given. For a pipeline's step the occurrences are those of the schedule at the
    pipeline's beginning. Where there is no schedule at all, the run nearest `when` is told.
    """
    moment = now or states.clock()
    # Local times that the clock jumps over equal nothing, so Python has it.
    when = when.astimezone(UTC) if when else None
    job = overrides.effective(job, moment)
    schedule = schedule_of(job)
    if schedule is None:
        return _without_schedule(job, when, moment)
    before, after = schedule.previous((when or moment) + INSTANT), schedule.next(when or moment)
    occurrence = _nearest(when, before, after)
    clock = _Clock(schedule.zone, moment, occurrence)
    if occurrence is None:
        return Explanation(
            job=job.name, cause=Cause.NO_OCCURRENCE, sentences=(_never(job, schedule, when, after, clock),), next=after
        )
    scene = _Scene.read(job, schedule, occurrence, moment, clock)
    cause, sentences = _fate(job, scene)
    if override := overrides.of(scene.states.get(job.name), moment):
        sentences = [*sentences, _overridden(override, clock)]
    exact = when is None or occurrence == when
    return Explanation(
        job=job.name,
        cause=cause,
        sentences=(*([] if exact or when is None else [_neighbours(job, when, before, after, clock)]), *sentences),
        occurrence=occurrence,
        run=scene.runs.get(job.name),
        gap=scene.gaps.get(job.name),
        previous=None if exact else before,
        next=None if exact else after,
    )


def _overridden(override: Override, clock: "_Clock") -> str:
    end = f" until {clock.short(override.until)}" if override.until else ""
    return f"Its declaration is overridden by {override.by}{end}{f': {override.reason}' if override.reason else '.'}"


def schedule_of(job: Job) -> Schedule | None:
    """The job's schedule; for a step, the one that its pipeline begins with. None where a person starts it."""
    if job.schedule:
        return job.schedule
    return next((registry[name].schedule for name in _ancestors(job) if registry[name].schedule), None)


def zone_of(job: Job) -> ZoneInfo:
    """The zone in which the job's moments are told."""
    schedule = schedule_of(job)
    return schedule.zone if schedule else ZoneInfo(settings.TIME_ZONE)


@dataclass(frozen=True, slots=True)
class _Clock:
    """How moments are written: by the clock of the job's zone, the date only where it isn't the occurrence's."""

    zone: ZoneInfo
    now: datetime
    occurrence: datetime | None = None

    def full(self, moment: datetime) -> str:
        """With date and zone, and in UTC where that differs: 2026-03-14 03:00 Europe/Berlin (02:00 UTC)."""
        local, utc = moment.astimezone(self.zone), moment.astimezone(UTC)
        told = f"{local:%Y-%m-%d} {_time(local)} {self.zone.key}"
        if local.utcoffset() == timedelta(0):
            return told
        day = "" if local.date() == utc.date() else f"{utc:%Y-%m-%d} "
        return f"{told} ({day}{_time(utc)} UTC)"

    def short(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        if self.occurrence and local.date() == self.occurrence.astimezone(self.zone).date():
            return _time(local)
        return f"{local:%Y-%m-%d} {_time(local)}"

    def ago(self, moment: datetime) -> timedelta:
        return max(self.now - moment, timedelta(0))


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scene:
    """What the ledger holds of one occurrence, for the job and for all that it comes after."""

    occurrence: datetime
    now: datetime
    schedule: Schedule
    clock: _Clock
    states: dict[str, JobState] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)
    # By job and kind, the first that followed the occurrence.
    events: dict[tuple[str, str], Event] = field(default_factory=dict)

    @classmethod
    def read(cls, job: Job, schedule: Schedule, occurrence: datetime, now: datetime, clock: _Clock) -> "_Scene":
        names = [job.name, *_ancestors(job)]
        runs = Run.objects.filter(job__in=names, scheduled_for=occurrence)
        gaps = Gap.objects.filter(
            job__in=names, first__lte=occurrence, last__gte=occurrence, fingerprint=schedule.fingerprint
        )
        events = Event.objects.filter(job__in=names, kind__in=["resumed", "schedule_changed"], at__gte=occurrence)
        return cls(
            occurrence=occurrence,
            now=now,
            schedule=schedule,
            clock=clock,
            states=JobState.objects.in_bulk(names),
            runs={run.job: run for run in runs.select_related("blocked_by")},
            gaps={gap.job: gap for gap in gaps.select_related("blocked_by")},
            events={
                (event.job, event.kind): event for event in events.order_by("job", "kind", "at").distinct("job", "kind")
            },
        )


type Told = tuple[Cause, list[str]]


def _fate(job: Job, scene: _Scene) -> Told:
    if (run := scene.runs.get(job.name)) is not None:
        return _told_of_run(job, run, scene.clock)
    due = f"{job.name} was due at {scene.clock.full(scene.occurrence)}."
    if (gap := scene.gaps.get(job.name)) is not None:
        return Cause(gap.fate), [due, *_told_of_gap(job, gap, scene)]
    if scene.occurrence > scene.now:
        return Cause.NOT_DUE, _not_due(job, scene)
    if not job.schedule:
        return _told_of_predecessors(job, scene)
    return _told_without_rows(job, scene, due)


# Runs


def _told_of_run(job: Job, run: Run, clock: _Clock) -> Told:
    cause = CAUSES.get(Status(run.status), Cause.RAN)
    if run.scheduled_for is not None:
        head = f"{job.name} was due at {clock.full(run.scheduled_for)}."
    else:
        head = f"Run {run.pk} of {job.name} was asked for by {run.requested_by} at {clock.full(run.created_at)}."
    attempts = list(Attempt.objects.filter(run=run).order_by("number"))
    told = [head, *_told_of_attempts(run, attempts, clock), *RUN.get(Status(run.status), _nothing)(run, clock)]
    if run.status == Status.CANCELLED and attempts and attempts[-1].status != AttemptStatus.CANCELLED:
        told.append(f"It was cancelled by {run.cancelled_by} before it was tried again.")
    return cause, told


def _told_of_attempts(run: Run, attempts: Sequence[Attempt], clock: _Clock) -> Iterator[str]:
    for attempt in attempts if len(attempts) <= TOLD_ATTEMPTS else (attempts[0], attempts[-1]):
        if attempt is attempts[-1] and len(attempts) > TOLD_ATTEMPTS:
            yield f"{counted(len(attempts) - 2, 'attempt')} more came in between."
        name = f"Run {run.pk}" if len(attempts) == 1 else f"Attempt {attempt.number}"
        if len(attempts) > 1 and attempt is attempts[0]:
            name += f" of run {run.pk}"
        yield f"{name} started {_start(run, attempt, clock)} and {_end(run, attempt, clock)}"


def _start(run: Run, attempt: Attempt, clock: _Clock) -> str:
    at = f"at {clock.short(attempt.started_at)}"
    if attempt.number > 1 or run.scheduled_for is None:
        return at
    late = attempt.started_at - run.scheduled_for
    return f"{at}, on time," if late < timedelta(seconds=1) else f"{at}, {took(late)} late,"


def _end(run: Run, attempt: Attempt, clock: _Clock) -> str:
    if attempt.finished_at is None:
        return f"is running, for {took(clock.ago(attempt.started_at))} now.{_progress(run)}"
    lasted = took(attempt.wall or attempt.finished_at - attempt.started_at)
    status = AttemptStatus(attempt.status)
    by = f" by {run.cancelled_by}" if status is AttemptStatus.CANCELLED and run.cancelled_by else ""
    error = f": {_sentence(attempt.error)}" if attempt.error else "."
    return f"{ENDS[status]}{by} after {lasted}{error}"


ENDS = {
    AttemptStatus.SUCCEEDED: "succeeded",
    AttemptStatus.FAILED: "failed",
    AttemptStatus.TIMED_OUT: "timed out",
    AttemptStatus.CANCELLED: "was cancelled",
    AttemptStatus.LOST: "was lost",
    AttemptStatus.INTERRUPTED: "was interrupted",
}


def _progress(run: Run) -> str:
    if not run.progress or run.progress.get("done") is None:
        return ""
    total = f" of {run.progress['total']:,}" if run.progress.get("total") else ""
    return f" It has done {run.progress['done']:,}{total}."


def _nothing(run: Run, clock: _Clock) -> Iterable[str]:
    return []


def _running(run: Run, clock: _Clock) -> Iterator[str]:
    if run.cancel_requested_at:
        yield f"{run.cancelled_by} asked for its end at {clock.short(run.cancel_requested_at)}."
    if run.lease_expires_at and run.lease_expires_at < clock.now:
        yield f"Its lease ran out at {clock.short(run.lease_expires_at)}: the next tick declares it lost."


def _cancelled(run: Run, clock: _Clock) -> Iterator[str]:
    if run.attempt == 0:
        yield f"Run {run.pk} never started. {_sentence(run.error)}"


def _skipped(run: Run, clock: _Clock) -> Iterator[str]:
    if run.reason == Reason.OVERLAP and run.blocked_by:
        yield f"Run {run.pk} was skipped: {_obstacle(run.blocked_by, clock, run.created_at)}."
    elif run.reason == Reason.PREDECESSOR:
        yield f"Run {run.pk} was skipped. {_sentence(run.error)}"
        yield from (f"Run {cause.pk} of {cause.job}: {_sentence(cause.error)}" for cause in _chain(run) if cause.error)
    else:
        yield f"Run {run.pk} was skipped. {_sentence(run.error)}"


def _chain(run: Run) -> Iterable[Run]:
    """The runs of the steps before this one, back to the one where the trouble began."""
    return Run.objects.raw(
        """
        WITH RECURSIVE chain AS (
            SELECT *, 1 AS place FROM jobs_run WHERE id = %s
            UNION ALL
            SELECT r.*, chain.place + 1 FROM chain JOIN jobs_run r ON r.id = chain.blocked_by_id
             WHERE chain.reason = 'predecessor'
        )
        SELECT * FROM chain ORDER BY place
        """,
        [run.blocked_by_id],
    )


def _missed(run: Run, clock: _Clock) -> Iterator[str]:
    deadline = f", {clock.short(run.start_by)}" if run.start_by else ""
    queued = clock.short(run.created_at)
    yield f"Run {run.pk} was queued at {queued} and missed: nobody took it up before its start deadline{deadline}."


def _queued(run: Run, clock: _Clock) -> Iterator[str]:
    what = "is queued" if run.attempt == 0 else f"is queued for attempt {run.attempt + 1}"
    yield f"Run {run.pk} {what}: {_why_it_waits(run, clock)}"
    if run.attempt == 0 and run.start_by:
        yield f"If nobody takes it up by {clock.short(run.start_by)}, it is missed."


def _why_it_waits(run: Run, clock: _Clock) -> str:
    if run.not_before > clock.now:
        return f"it waits until {clock.short(run.not_before)}."
    may_hinder = Q(status=Status.RUNNING) | Q(status=Status.QUEUED, job=run.job)
    rivals = list(Run.objects.filter(may_hinder).exclude(pk=run.pk).order_by("id"))
    return next(why for rule in WAITS if (why := rule(run, rivals, clock)))


def _waits_for_its_job(run: Run, rivals: Sequence[Run], clock: _Clock) -> str:
    """The rule of `transitions.claim`: one exclusive run of a job at a time, the earliest occurrence first."""
    for other in rivals:
        if not (run.exclusive and other.exclusive and other.job == run.job):
            continue
        if other.status == Status.RUNNING:
            return f"run {other.pk} of the job, which runs since {_since(other, clock)}, must end first."
        if run.scheduled_for and other.scheduled_for and other.scheduled_for < run.scheduled_for:
            return f"run {other.pk} of the job, for {clock.short(other.scheduled_for)}, comes first."
    return ""


def _waits_for_its_group(run: Run, rivals: Sequence[Run], clock: _Clock) -> str:
    if not run.concurrency_group:
        return ""
    limit = registry[run.job].concurrency_limit if run.job in registry else 1
    mates = [
        f"run {other.pk} of {other.job}"
        for other in rivals
        if other.status == Status.RUNNING and other.concurrency_group == run.concurrency_group
    ]
    if len(mates) < limit:
        return ""
    return f"its group {run.concurrency_group!r} lets {counted(limit, 'run')} run at once, now {', '.join(mates)}."


def _waits_for_a_slot(run: Run, rivals: Sequence[Run], clock: _Clock) -> str:
    running = sum(other.status == Status.RUNNING for other in rivals)
    if running < settings.JOBS_MAX_RUNNING:
        return ""
    at_work = "1 run is at work" if running == 1 else f"{running:,} runs are at work"
    return f"it waits for a free slot. {at_work}, and an instance takes {settings.JOBS_MAX_RUNNING} at most."


def _waits_for_an_executor(run: Run, rivals: Sequence[Run], clock: _Clock) -> str:
    waited = clock.ago(run.not_before)
    if waited > NOBODY_ON_DUTY:
        return (
            f"nothing stands in its way, yet it has waited for {took(waited)}. Nobody is on duty: is the app running?"
        )
    return "nothing stands in its way. An executor takes it up within a minute."


WAITS = (_waits_for_its_job, _waits_for_its_group, _waits_for_a_slot, _waits_for_an_executor)
RUN: dict[Status, Callable[[Run, _Clock], Iterable[str]]] = {
    Status.QUEUED: _queued,
    Status.RUNNING: _running,
    Status.CANCELLED: _cancelled,
    Status.SKIPPED: _skipped,
    Status.MISSED: _missed,
}
CAUSES = {
    Status.QUEUED: Cause.QUEUED,
    Status.RUNNING: Cause.RUNNING,
    Status.SKIPPED: Cause.SKIPPED,
    Status.MISSED: Cause.MISSED,
}


# Gaps


def _told_of_gap(job: Job, gap: Gap, scene: _Scene) -> Iterator[str]:
    yield from GAP[Reason(gap.reason)](job, gap, scene)
    if gap.count > 1:
        clock = scene.clock
        first, last = clock.short(gap.first), clock.short(gap.last)
        yield f"The same became of {counted(gap.count, 'occurrence')} in a row, {first} to {last}."


def _gap_overlap(job: Job, gap: Gap, scene: _Scene) -> Iterator[str]:
    policy = f" (overlap={job.overlap.value!r})"
    if gap.blocked_by is None:
        yield f"It was skipped: another run of the job was in its way{policy}; that run has been pruned since."
    else:
        yield f"It was skipped: {_obstacle(gap.blocked_by, scene.clock, scene.occurrence)}{policy}."


def _gap_paused(job: Job, gap: Gap, scene: _Scene) -> Iterator[str]:
    why = f": {_sentence(gap.note)}" if gap.note else "."
    yield f"It was skipped: the job was paused by {gap.by}{why}"
    state = scene.states.get(job.name)
    if state and state.is_paused(scene.now):
        until = f"until {scene.clock.short(state.paused_until)}" if state.paused_until else "without an end"
        yield f"It is still paused, {until}. `manage.py resume {job.name}` ends that."
        return
    resumed = scene.events.get((job.name, "resumed"))
    # A pause that ended by itself leaves no event.
    following = scene.schedule.next(gap.last)
    if resumed and following and resumed.at <= following:
        yield f"{resumed.by} resumed it at {scene.clock.short(resumed.at)}."


def _gap_disabled(job: Job, gap: Gap, scene: _Scene) -> Iterator[str]:
    yield f"It was skipped: the function was disabled in Azure by the app's setting {gap.by}."
    if setting_that_disables(job.name):
        yield "It still is."


def _gap_too_late(job: Job, gap: Gap, scene: _Scene) -> Iterator[str]:
    rule = gap.note or f"the start deadline is {took(job.deadline_at(scene.occurrence))}"
    if gap.recorded_at < scene.occurrence:  # the gap was lengthened, and doesn't tell when
        yield f"It was missed: it was found too late ({rule})."
    else:
        yield (
            f"It was missed: nobody was on duty until {scene.clock.short(gap.recorded_at)}, "
            f"{took(gap.recorded_at - scene.occurrence)} late ({rule})."
        )


def _gap_superseded(job: Job, gap: Gap, scene: _Scene) -> Iterator[str]:
    rule = f"misfire={job.misfire.value!r}"
    if job.misfire is Misfire.ALL:
        rule += f", {CATCH_UP_LIMIT} at most"
    yield f"It was missed: it was found late, and a later occurrence ran in its place ({rule})."


def _gap_predecessor(job: Job, gap: Gap, scene: _Scene) -> Iterator[str]:
    yield f"It was {gap.fate}: a predecessor didn't succeed."


GAP: dict[Reason, Callable[[Job, Gap, _Scene], Iterable[str]]] = {
    Reason.OVERLAP: _gap_overlap,
    Reason.PAUSED: _gap_paused,
    Reason.DISABLED: _gap_disabled,
    Reason.TOO_LATE: _gap_too_late,
    Reason.SUPERSEDED: _gap_superseded,
    Reason.PREDECESSOR: _gap_predecessor,
}


def _obstacle(run: Run, clock: _Clock, at: datetime) -> str:
    """The run that was in the way, and when: it may have been queued, and not running, at that moment."""
    ran = run.attempt == 1 and run.started_at is not None and run.started_at <= at
    start = run.started_at if ran and run.started_at else run.created_at
    what = "ran" if ran else "was queued or running"
    if run.finished_at is None:
        return (
            f"run {run.pk}, which {'runs' if ran else 'is queued or running'} since {clock.short(start)}, is in its way"
        )
    return f"run {run.pk}, which {what} from {clock.short(start)} to {clock.short(run.finished_at)}, was in its way"


# Neither


def _told_without_rows(job: Job, scene: _Scene, due: str) -> Told:
    state = scene.states.get(job.name)
    if state is None or state.ledger_from is None or state.ledger_through is None:
        return Cause.UNDECIDED, [due, f"{job.name} has no ledger yet: it begins when the first tick sees the job."]
    if scene.occurrence <= state.ledger_from:
        return Cause.BEFORE_LEDGER, [due, *_before_ledger(job, state.ledger_from, scene)]
    if state.fingerprint != job.fingerprint:
        return Cause.UNDECIDED, [
            due,
            f"Its schedule has changed since ({_was(state)}): the next tick begins its ledger anew.",
        ]
    if scene.occurrence > state.ledger_through:
        return Cause.UNDECIDED, [due, *_undecided(state.ledger_through, scene)]
    return Cause.UNRECORDED, [
        due,
        f"The ledger, which reaches from {scene.clock.short(state.ledger_from)} to "
        f"{scene.clock.short(state.ledger_through)}, holds nothing of it. That should never be: please report it.",
    ]


def _was(state: JobState) -> str:
    return f"it was {state.fingerprint}" if state.fingerprint else "it had none"


def _before_ledger(job: Job, begin: datetime, scene: _Scene) -> Iterator[str]:
    yield f"That is before its ledger begins, {scene.clock.full(begin)}."
    if changed := scene.events.get((job.name, "schedule_changed")):
        yield f"{changed.message} That was at {scene.clock.full(changed.at)}."
    else:
        yield "The job was first seen then, or what is older has been pruned."
    if following := scene.schedule.next(begin):
        yield f"The first occurrence that it covers is {scene.clock.full(following)}."


def _undecided(through: datetime, scene: _Scene) -> Iterator[str]:
    reach = scene.clock.short(through)
    if scene.clock.ago(scene.occurrence) <= NOBODY_ON_DUTY:
        yield f"It isn't decided yet: the tick comes within a minute. The ledger reaches to {reach}."
    else:
        yield f"It isn't decided: the ledger reaches to {reach} only."
        yield "Nobody is on duty: is the app running, and its function `tick` enabled?"


def _not_due(job: Job, scene: _Scene) -> list[str]:
    away = took(scene.occurrence - scene.now)
    told = [f"{job.name} isn't due yet: it is at {scene.clock.full(scene.occurrence)}, in {away}."]
    state = scene.states.get(job.name)
    if setting := setting_that_disables(job.name):
        told.append(f"It will be skipped, as long as the function is disabled in Azure by the app's setting {setting}.")
    elif state and state.is_paused(scene.occurrence):
        until = f" until {scene.clock.short(state.paused_until)}" if state.paused_until else ""
        why = f": {_sentence(state.paused_reason)}" if state.paused_reason else "."
        told.append(f"It will be skipped: the job is paused by {state.paused_by}{until}{why}")
    return told


def _told_of_predecessors(job: Job, scene: _Scene) -> Told:
    """Why a step has no run: what became of each predecessor, down to where the pipeline stopped."""
    told = [f"{job.name} follows {_and(job.after)}, due at {scene.clock.full(scene.occurrence)}. It has no run for it."]
    causes: set[Cause] = set()
    for name in job.after:
        cause, sentences = _told_of_predecessor(name, scene)
        causes.add(cause)
        told += sentences
    if causes == {Cause.RAN}:
        return Cause.UNRECORDED, [*told, "No run followed. Was the step declared when that ended?"]
    return (Cause.WAITS if causes & PENDING else Cause.SKIPPED), told


def _told_of_predecessor(name: str, scene: _Scene) -> Told:
    run = scene.runs.get(name)
    if run is not None:
        ended = "" if run.status == Status.SUCCEEDED else "is " if run.status in PENDING else "ended as "
        return CAUSES.get(Status(run.status), Cause.RAN), [f"{name} {ended}{run.status} (run {run.pk})."]
    if name not in registry:
        return Cause.UNRECORDED, [f"{name} isn't declared any more."]
    return _fate(registry[name], scene)


PENDING = {Cause.QUEUED, Cause.RUNNING, Cause.WAITS, Cause.UNDECIDED}


def _without_schedule(job: Job, when: datetime | None, now: datetime) -> Explanation:
    """A job that a person or program starts: its run nearest the moment."""
    nearest = Run.objects.raw(
        """
            (SELECT * FROM jobs_run WHERE job = %s AND created_at <= %s ORDER BY id DESC LIMIT 1)
            UNION ALL
            (SELECT * FROM jobs_run WHERE job = %s AND created_at > %s ORDER BY id LIMIT 1)
            """,
        [job.name, when or now] * 2,
    )
    clock = _Clock(ZoneInfo(settings.TIME_ZONE), now)
    head = f"{job.name} has no schedule: " + (
        f"it follows {_and(job.after)}, which a person or program starts."
        if job.after
        else "a person or program starts it."
    )
    runs = sorted(nearest, key=lambda run: abs(run.created_at - (when or now)))
    if not runs:
        return Explanation(job=job.name, cause=Cause.NO_OCCURRENCE, sentences=(head, "It never ran yet."))
    cause, sentences = _told_of_run(job, runs[0], clock)
    return Explanation(job=job.name, cause=cause, sentences=(head, *sentences), run=runs[0])


def _nearest(when: datetime | None, before: datetime | None, after: datetime | None) -> datetime | None:
    if when is None or before is None or after is None:
        return before if when is None else before or after
    return before if when - before <= after - when else after


def _neighbours(job: Job, when: datetime, before: datetime | None, after: datetime | None, clock: _Clock) -> str:
    near = _and([clock.full(moment) for moment in (before, after) if moment])
    return f"{job.name} has no occurrence at {clock.full(when)}: the nearest are {near}."


def _never(job: Job, schedule: Schedule, when: datetime | None, after: datetime | None, clock: _Clock) -> str:
    if after is None:
        return f"{job.name} has no occurrence: its schedule {schedule.expression.text} never fires."
    return f"{job.name} wasn't due yet: its first occurrence is {clock.full(after)}."


def _since(run: Run, clock: _Clock) -> str:
    return clock.short(run.started_at or run.created_at)


def _ancestors(job: Job) -> list[str]:
    """The declared jobs that this one comes after, near ones first."""
    found: list[str] = []
    waiting = list(job.after)
    while waiting:
        name = waiting.pop(0)
        if name not in found and name in registry:
            found.append(name)
            waiting += registry[name].after
    return found


def _and(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
