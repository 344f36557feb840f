"""What really ran, by the journal alone, against the rules and against what the ledger says of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from tests.chaos.history import History, Violation
from tests.chaos.journal import Execution
from tests.chaos.zoo import Job

# A process that was silent for so long (seconds) was frozen. For so long after it wakes, it may still act: its
# guardian wakes at the same moment and ends it if its time has passed.
FROZEN = 1.5
WAKING = 1.0
# Two clocks, and a moment between a process's last line and its death.
SLACK = 0.5


class Segment(NamedTuple):
    begin: float
    end: float
    execution: Execution


def segments(execution: Execution) -> Iterator[Segment]:
    """When it certainly was at work: not while it was frozen, nor in the instant of waking."""
    begin = last = execution.pulses[0]
    for pulse in execution.pulses[1:]:
        if pulse - last > FROZEN:
            yield Segment(begin, last, execution)
            begin = pulse + WAKING
        last = pulse
    if begin <= last:
        yield Segment(begin, last, execution)


def too_many_at_once(executions: Iterable[Execution], limit: int) -> Iterator[tuple[float, list[Execution]]]:
    """The moments at which one more begins than may be at work, each with all that are; once for each company."""
    seen = set()
    alive: list[Segment] = []
    found = [segment for execution in executions for segment in segments(execution)]
    for segment in sorted(found, key=lambda segment: segment.begin):
        alive = [other for other in alive if other.end > segment.begin + 0.05]
        alive.append(segment)
        company = {id(other.execution): other.execution for other in alive}
        if len(company) > limit and frozenset(company) not in seen and segment.end > segment.begin + 0.05:
            seen.add(frozenset(company))
            yield segment.begin, list(company.values())


def check(
    history: History, executions: list[Execution], jobs: Mapping[str, Job], counts: Counter[str]
) -> Iterator[Violation]:
    counts["executions"] += len(executions)
    yield from _one_at_a_time(executions, jobs, counts)
    yield from _as_the_ledger_says(history, executions, counts)
    yield from _ended_with_their_attempts(history, executions, counts)


def _one_at_a_time(executions: list[Execution], jobs: Mapping[str, Job], counts: Counter[str]) -> Iterator[Violation]:
    companies: dict[tuple[str, int], list[Execution]] = defaultdict(list)
    for execution in executions:
        job = jobs[execution.job]
        companies[f"run {execution.run}", 1].append(execution)
        if job.overlap != "allow":
            companies[f"job {job.name}", 1].append(execution)
        elif limit := job.rules.get("max_running"):
            companies[f"job {job.name}", limit].append(execution)
        if group := job.rules.get("concurrency_group"):
            companies[f"group {group}", 1].append(execution)
    for (name, limit), company in companies.items():
        counts["executions compared for overlap"] += len(company)
        for at, together in too_many_at_once(company, limit):
            seconds = min(execution.last_seen for execution in together) - at
            who = " and ".join(map(str, together))
            yield Violation(
                kind="executed at once",
                text=f"{name}: {who}, for {seconds:.1f} s from {at:.1f} on",
                runs=tuple({execution.run for execution in together}),
            )


def _as_the_ledger_says(history: History, executions: list[Execution], counts: Counter[str]) -> Iterator[Violation]:
    of_attempt = defaultdict(list)
    for execution in executions:
        of_attempt[execution.run, execution.attempt].append(execution)
    for (run, number), found in of_attempt.items():
        if len(found) > 1:
            text = f"attempt {number} of run {run} began {len(found)} times: {', '.join(map(str, found))}"
            yield Violation(kind="attempt executed twice", text=text, runs=(run,))
    for each in history.runs:
        if each.status == "succeeded":
            counts["successes compared with the journal"] += 1
            ended = [execution.exit_code for execution in of_attempt[each.id, each.attempt]]
            if 0 not in ended:
                text = f"{each}, attempt {each.attempt}: the journal has {ended or 'nothing'}"
                yield Violation(kind="success without an end", text=text, runs=(each.id,))
        if each.status in {"skipped", "missed"} and any(run == each.id for run, _ in of_attempt):
            yield Violation(kind="executed though never started", text=str(each), runs=(each.id,))
        counts["done, and reported as lost"] += each.status == "lost" and any(
            execution.exit_code == 0 for execution in of_attempt[each.id, each.attempt]
        )


def _ended_with_their_attempts(
    history: History, executions: list[Execution], counts: Counter[str]
) -> Iterator[Violation]:
    ended = {(attempt.run, attempt.number): attempt for attempt in history.attempts}
    for execution in executions:
        attempt = ended.get((execution.run, execution.attempt))
        if attempt is None or attempt.finished_at is None:
            continue
        counts["executions compared with their attempts' ends"] += 1
        until = attempt.finished_at.timestamp() - history.wall
        *_, last = segments(execution)
        if last.end > until + SLACK and last.end > max(last.begin, until) + 0.05:
            text = f"{execution} was at work {last.end - until:.1f} s after it was called {attempt.status}"
            yield Violation(kind="at work after its end", text=text, runs=(execution.run,))
