"""Bounds on time, and what no host may do to a run that another one knows."""

from collections import Counter
from collections.abc import Iterator, Mapping

from tests.chaos import SCALE
from tests.chaos.history import Attempt, History, Violation
from tests.chaos.journal import Execution
from tests.chaos.zoo import DEFAULT_TIMEOUT, Job

# Seconds for the work of stopping, on a machine with little time.
SLACK = 5.0
# A fork server that doesn't answer is replaced, and has to load Django.
PATIENCE = 20.0
# So long a run waits for a release that knows its job (15 minutes, scaled), and so long a host needs to be heard of:
# its start with Django, or a tick and what it waits for.
UNKNOWN = 15 * 60 / SCALE
PEACE = 20.0
# What keeps a supervisor or its guardian from their work.
FREEZES = {"freeze a host's worker", "freeze a whole host", "freeze guardians", "freeze guardians and children"}
FORK_SERVER = {"freeze a fork server", "kill a fork server"}


def check(
    history: History, executions: list[Execution], jobs: Mapping[str, Job], counts: Counter[str]
) -> Iterator[Violation]:
    yield from _executions(history, executions, jobs, counts)
    yield from _attempts(history, jobs, counts)
    yield from _unknown(history, jobs, counts)


def _longest(job: Job) -> float:
    return float(job.rules.get("timeout", DEFAULT_TIMEOUT) + job.rules.get("grace", 10))


def _executions(
    history: History, executions: list[Execution], jobs: Mapping[str, Job], counts: Counter[str]
) -> Iterator[Violation]:
    """By the journal: nothing works on after its timeout and grace, unless who watches it was frozen."""
    for execution in executions:
        counts["executions compared with their timeouts"] += 1
        if execution.last_seen - execution.begin <= _longest(jobs[execution.job]) + SLACK:
            continue
        if not _troubled(history, execution.host, execution.begin, execution.last_seen, FREEZES):
            text = f"{execution} was at work for {execution.last_seen - execution.begin:.0f} s"
            yield Violation(kind="timeout not kept", text=text, runs=(execution.run,))


def _attempts(history: History, jobs: Mapping[str, Job], counts: Counter[str]) -> Iterator[Violation]:
    """By the ledger: an attempt whose fork server fails ends in time too. Other troubles may delay its record."""
    of_run = {run.id: run for run in history.runs}
    for attempt in history.attempts:
        begin, end = _boot(history, attempt)
        if end is None or (run := of_run.get(attempt.run)) is None or run.job not in jobs:
            continue
        counts["attempts compared with their timeouts"] += 1
        if end - begin <= _longest(jobs[run.job]) + PATIENCE:
            continue
        if not _troubled(history, attempt.instance, begin, end, None):
            text = f"{run}, attempt {attempt.number} on {attempt.instance}, was held for {end - begin:.0f} s"
            yield Violation(kind="timeout not kept", text=text, runs=(run.id,))


def _boot(history: History, attempt: Attempt) -> tuple[float, float | None]:
    if attempt.started_at is None or attempt.finished_at is None:
        return 0, None
    return attempt.started_at.timestamp() - history.wall, attempt.finished_at.timestamp() - history.wall


def _troubled(history: History, host: str, begin: float, end: float, names: set[str] | None) -> bool:
    """Whether one of these troubles fell into this time; with None, any but a fork server's."""
    return any(
        trouble.begin < end
        and trouble.end > begin
        and trouble.on in {host, "hosts", "database"}
        and (trouble.name in names if names is not None else trouble.name not in FORK_SERVER)
        for trouble in history.troubles
    )


def _unknown(history: History, jobs: Mapping[str, Job], counts: Counter[str]) -> Iterator[Violation]:
    """No run fails for being unknown to one host while the database could hear of another one that knows it."""
    for run in history.runs:
        if run.status != "failed" or "is declared as" not in run.error or run.finished_at is None:
            continue
        counts["runs that failed as unknown"] += 1
        at = run.finished_at.timestamp() - history.wall
        if knows := [release for release in jobs[run.job].schedules if _was_heard_of(history, release, at)]:
            text = f"{run}, while a host with release {knows[0]} was up"
            yield Violation(kind="failed as unknown", text=text, runs=(run.id,))


def _was_heard_of(history: History, release: int, at: float) -> bool:
    """Whether a host with it was up, and let alone long enough for a tick, in the time that a run waits for one."""
    return any(
        _longest_peace(history, host, max(begin, at - UNKNOWN), min(end, at)) > PEACE
        for host, begin, end in history.up.get(release, ())
    )


def _longest_peace(history: History, host: str, begin: float, end: float) -> float:
    """The longest time within these moments in which neither the host nor the database had a trouble."""
    longest, free_from = 0.0, begin
    for trouble in sorted(history.troubles, key=lambda trouble: trouble.begin):
        if trouble.on in {host, "hosts", "database"}:
            longest = max(longest, min(trouble.begin, end) - free_from)
            free_from = max(free_from, trouble.end)
    return max(longest, end - free_from)
