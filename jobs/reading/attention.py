"""What a person must do, worst first. Pure: how the jobs stand, and what incidents are open, are arguments."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from jobs.choices import Cause, Severity, Status
from jobs.formats import counted, format_duration, relative, shorten
from jobs.models import Incident
from jobs.reading.advice import ADVICE
from jobs.reading.board import Active, Standing
from jobs.reading.incidents import rank_of, severity

# A queued run that could start and doesn't for so long waits for a slot.
IMPATIENCE = timedelta(seconds=60)
# A pause without an end that is older has probably been forgotten.
FORGOTTEN = timedelta(days=7)
# Two ticks may be missed while a deployment or a failover goes on.
SILENCE = timedelta(minutes=3)


class Kind(IntEnum):
    """What is the matter, the worst first."""

    INCIDENT = 0
    FAILING = 1
    LATE = 2
    TOO_LONG = 3
    WAITING = 4
    FORGOTTEN_PAUSE = 5
    DRIFT = 6
    NEVER_RAN = 7


# What an open incident of one of these causes says already.
SAID = {
    Kind.FAILING: {
        *(Cause.FAILED, Cause.LOST, Cause.MISSED, Cause.RATE, Cause.FLAPPING),
        *(Cause.MUST_SUCCEED_BY, Cause.NOT_SUCCEEDED_FOR),
    },
    Kind.TOO_LONG: {Cause.STILL_RUNNING},
    Kind.WAITING: {Cause.LATE_START},
    Kind.FORGOTTEN_PAUSE: {Cause.FORGOTTEN_PAUSE},
    Kind.DRIFT: {Cause.DRIFT},
}
# How a page draws each severity.
SHAPES = {
    Severity.CRITICAL: "failed",
    Severity.ERROR: "failed",
    Severity.WARNING: "late",
    Severity.INFO: "overridden",
}
LONGEST_ERROR = 160
# More than between any two: what nobody works on comes first.
TAKEN = 1_000
# From here on nothing has gone wrong, and a person may leave it so.
MILD = Kind.FORGOTTEN_PAUSE


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """Something that a person should look at. `advice` is what to do next; `run` is the run that it is about.

    Of an incident `word` is how bad it is, and `job` may be empty: Nightshift itself was away.
    """

    kind: Kind
    job: str
    state: str
    sentence: str
    advice: str
    run: int | None = None
    since: datetime | None = None
    weight: float = 0
    incident: int | None = None
    word: str = ""

    @property
    def is_mild(self) -> bool:
        return self.kind >= MILD or self.word == Severity.INFO


def attention(standings: Iterable[Standing], now: datetime, incidents: Sequence[Incident] = ()) -> list[Matter]:
    """Everything, worst first; of one kind what has the most failures, or has lasted longest.

    Open incidents come first: those that nobody has acknowledged, then the others.
    """
    said = {(incident.job, cause) for incident in incidents for cause in [Cause(incident.cause)]}
    found = [
        *(_of_incident(incident, now) for incident in incidents),
        *(
            matter
            for standing in standings
            for matter in _of(standing, now)
            if not any((matter.job, cause) in said for cause in SAID.get(matter.kind, ()))
        ),
    ]
    return sorted(found, key=lambda matter: (matter.kind, -matter.weight, matter.job))


def _of_incident(incident: Incident, now: datetime) -> Matter:
    bad = severity(incident)
    times = f", found {counted(incident.count, 'time')}" if incident.count > 1 else ""
    error = f" {shorten(incident.error, LONGEST_ERROR).rstrip('.')}." if incident.error else ""
    taken = f"{incident.acknowledged_by} works on it{_why(incident.acknowledged_note)}."
    return Matter(
        kind=Kind.INCIDENT,
        job=incident.job,
        state=SHAPES[bad],
        word=bad.value,
        sentence=f"{incident.detail} It began {relative(incident.opened_at, now)}{times}.{error}",
        advice=taken if incident.acknowledged_at else ADVICE[incident.cause],
        run=incident.last_run_id,
        since=incident.opened_at,
        incident=incident.pk,
        weight=(0 if incident.acknowledged_at else TAKEN) - rank_of(incident),
    )


def _of(standing: Standing, now: datetime) -> Iterator[Matter]:
    name, pause, override = standing.job.name, standing.current.pause, standing.current.override
    if standing.late_since and not standing.is_disabled:
        yield Matter(
            kind=Kind.LATE,
            job=name,
            state="late",
            sentence=f"Due {relative(standing.late_since, now)}, and nobody has decided about it.",
            advice="Look at the tick: `manage.py doctor`.",
            since=standing.late_since,
            weight=(now - standing.late_since).total_seconds(),
        )
    elif standing.is_failing and not standing.is_disabled:
        yield _failing(standing, now)
    for run in standing.active:
        yield from _of_run(standing, run, now)
    if pause and pause.until is None and now - pause.began_at > FORGOTTEN:
        yield Matter(
            kind=Kind.FORGOTTEN_PAUSE,
            job=name,
            state="paused",
            sentence=f"Paused {relative(pause.began_at, now)} by {pause.by}{_why(pause.reason)}, without an end.",
            advice="Resume it, or pause it until a date.",
            since=pause.began_at,
            weight=(now - pause.began_at).total_seconds(),
        )
    if override:
        yield Matter(
            kind=Kind.DRIFT,
            job=name,
            state="overridden",
            sentence=f"Overridden {relative(override.began_at, now)} by {override.by}{_why(override.reason)}.",
            advice="End the override, or write it into the code.",
            since=override.began_at,
            weight=(now - override.began_at).total_seconds(),
        )
    if standing.has_never_run and standing.job.schedule and not pause and not standing.is_disabled:
        due = f"It is due {relative(standing.next_at, now)}." if standing.next_at else "It will never be due."
        yield Matter(
            kind=Kind.NEVER_RAN,
            job=name,
            state="never",
            sentence=f"Has never run. {due}",
            advice="Run it now to see whether it works.",
        )


def _failing(standing: Standing, now: datetime) -> Matter:
    times = counted(standing.failures, "time") + " in a row, last" if standing.failures > 1 else "Last"
    what = "occurrence was missed" if standing.last_bad == Status.MISSED else "run"
    last = standing.last_at
    when = relative(last, now) if last else ""
    word = {"failed": "failed", "timed_out": "timed out", "lost": "was lost", "missed": ""}[standing.last_bad]
    sentence = f"The latest {what} {word}".rstrip() + f" {when}."
    if standing.failures > 1:
        sentence = f"Went wrong {times} {when}."
    usable = standing.last_run is not None
    return Matter(
        kind=Kind.FAILING,
        job=standing.job.name,
        state=standing.last_bad,
        sentence=sentence,
        advice="Read its output, then run it again." if usable else "Read why, then run what was missed.",
        run=standing.last_run,
        since=last,
        weight=standing.failures,
    )


def _of_run(standing: Standing, run: Active, now: datetime) -> Iterator[Matter]:
    elapsed = now - run.since
    common = {"job": standing.job.name, "run": run.id, "since": run.since, "weight": elapsed.total_seconds()}
    if run.status == Status.RUNNING and standing.usual and standing.usual.far_beyond(elapsed):
        yield Matter(
            kind=Kind.TOO_LONG,
            state="running",
            sentence=f"Has run for {format_duration(elapsed)}; usually it takes {format_duration(standing.usual.p50)}.",
            advice="Look at its output; cancel it if it hangs.",
            **common,  # type: ignore[arg-type]
        )
    elif run.status == Status.QUEUED and elapsed > IMPATIENCE:
        yield Matter(
            kind=Kind.WAITING,
            state="queued",
            sentence=f"Could have started {format_duration(elapsed)} ago, and waits.",
            advice="See what is in its way.",
            **common,  # type: ignore[arg-type]
        )


def _why(reason: str) -> str:
    return f" ({reason})" if reason else ""


def troubled(matters: Sequence[Matter]) -> set[str]:
    """The jobs that aren't as they should be."""
    return {matter.job for matter in matters if matter.job and not matter.is_mild}
