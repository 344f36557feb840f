"""The whole history against the promise. It shares no code with the product, and knows the rules from the zoo alone."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.chaos import bounds, days, executions, occurrences
from tests.chaos.history import ENDED, History, Run, Violation
from tests.chaos.journal import Execution
from tests.chaos.zoo import BOTH, Job

EDGES = {
    *(("", status) for status in ("queued", "skipped", "missed")),
    *(("running", end) for end in ("queued", "succeeded", "failed", "timed_out", "cancelled", "lost")),
    *(("queued", after) for after in ("running", "cancelled", "missed")),
}
# Events that are counted in one row for each job and hour, and how many hours a history touches at most.
COUNTED, HOURS = {"ambiguous_call"}, 2
# A run that waits for longer than this at the end, with nothing in its way, was forgotten.
FORGOTTEN = timedelta(seconds=60)


@dataclass(kw_only=True)
class Findings:
    """How much was looked at, by kind, and what was wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)


def check(history: History, journal: list[Execution], jobs: Mapping[str, Job]) -> Findings:
    """Look at the ledger as it is now, and at the journal as it was read after it."""
    found = Findings()
    counts = found.counts
    found.violations += occurrences.check(history, counts)
    found.violations += executions.check(history, journal, jobs, counts)
    found.violations += bounds.check(history, journal, jobs, counts)
    found.violations += _edges(history, counts)
    found.violations += _attempts(history, jobs, counts)
    found.violations += days.check(history, counts)
    found.violations += _steps(history, jobs, counts)
    found.violations += _nobody_asked(history, counts)
    found.violations += _forgotten(history, jobs)
    found.violations += _noise(history, counts)
    return found


def _edges(history: History, counts: Counter[str]) -> Iterator[Violation]:
    now: dict[int, str] = {}
    for change in history.changes:
        counts["status changes"] += 1
        if (change.before, change.after) not in EDGES:
            text = f"run {change.run} of {change.job}: {change.before or 'new'} → {change.after} at {change.at}"
            yield Violation(kind="edge that isn't declared", text=text, runs=(change.run,))
        now[change.run] = change.after
    for run in history.runs:
        if history.changes and now.get(run.id) != run.status:
            yield Violation(kind="change unseen", text=f"{run}: the trigger saw {now.get(run.id)}", runs=(run.id,))


def _attempts(history: History, jobs: Mapping[str, Job], counts: Counter[str]) -> Iterator[Violation]:
    failures: Counter[int] = Counter()
    for attempt in history.attempts:
        counts["attempts"] += 1
        failures[attempt.run] += attempt.status in {"failed", "timed_out", "lost"}
    for run in history.runs:
        if run.job in jobs and failures[run.id] > jobs[run.job].rules.get("retry", {}).get("times", 0) + 1:
            text = f"{run}: {failures[run.id]} attempts failed"
            yield Violation(kind="retried too often", text=text, runs=(run.id,))


def _steps(history: History, jobs: Mapping[str, Job], counts: Counter[str]) -> Iterator[Violation]:
    """A step has a row for each occurrence that its predecessors have decided, where one of them had a run."""
    by_occurrence: dict[tuple[str, datetime], Run] = {}
    by_predecessor: dict[tuple[str, int], Run] = {}
    for run in history.runs:
        if run.scheduled_for is not None:
            by_occurrence[run.job, run.scheduled_for] = run
        elif run.chained_from is not None:
            by_predecessor[run.job, run.chained_from] = run
    gaps: dict[str, set[datetime]] = defaultdict(set)
    for gap in history.gaps:
        gaps[gap.job].update(occurrences.covers(gap))
    for step in (job for job in jobs.values() if job.after):
        for run in history.runs:
            if run.job not in step.after or run.status not in ENDED or not _follows(step, run, history.settled_at):
                continue
            at = run.scheduled_for
            if at is None:
                found = by_predecessor.get((step.name, run.id))
                predecessors: list[Run | None] = [run]
                is_decided = True
            else:
                found = by_occurrence.get((step.name, at))
                predecessors = [by_occurrence.get((name, at)) for name in step.after]
                is_decided = all(
                    other.status in ENDED if other else at in gaps[name]
                    for name, other in zip(step.after, predecessors, strict=True)
                )
            if not is_decided:
                continue
            counts["steps of ended predecessors"] += 1
            if found is None and at not in gaps[step.name]:
                yield Violation(kind="step lost", text=f"{step.name} after {run}: no run, no gap", runs=(run.id,))
            elif found and found.attempt and any(other and other.status != "succeeded" for other in predecessors):
                yield Violation(kind="step too early", text=f"{found} ran after {run}", runs=(found.id, run.id))


def _follows(step: Job, run: Run, settled_at: datetime | None) -> bool:
    """Whether the step must follow: one of the latest release only does so once all hosts have that."""
    if set(BOTH) <= step.schedules.keys():
        return True
    return settled_at is not None and run.finished_at is not None and run.finished_at > settled_at


def _nobody_asked(history: History, counts: Counter[str]) -> Iterator[Violation]:
    """No function is called by hand here: a run that says so was made by a timer."""
    for run in history.runs:
        counts["runs"] += 1
        if "manual call" in run.requested_by:
            yield Violation(kind="run that nobody asked for", text=f"{run}: {run.requested_by}", runs=(run.id,))


def _forgotten(history: History, jobs: Mapping[str, Job]) -> Iterator[Violation]:
    for run in history.runs:
        if not set(BOTH) <= jobs[run.job].schedules.keys():
            continue  # perhaps no host is left that knows it
        if run.status != "queued" or run.not_before is None or run.not_before > history.now - FORGOTTEN:
            continue
        if not any(other.job == run.job and other.status == "running" for other in history.runs):
            yield Violation(kind="run forgotten", text=f"{run} waits since {run.not_before:%H:%M:%S}", runs=(run.id,))


def _noise(history: History, counts: Counter[str]) -> Iterator[Violation]:
    for (kind, job), number in sorted(history.events.items()):
        counts[f"events: {kind}"] += number
        if kind in COUNTED and number > HOURS:
            yield Violation(kind="events without end", text=f"{number} rows {kind!r} of {job}")
