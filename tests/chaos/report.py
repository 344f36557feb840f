"""What was injected, what was checked, and every violation with what led to it."""

from collections import Counter
from pathlib import Path

from tests.chaos.history import History, Violation
from tests.chaos.journal import Execution


def counted(title: str, counts: Counter[str]) -> str:
    lines = [f"    {count:7}  {name}" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))]
    return "\n".join([title, *lines])


def write_evidence(file: Path, violations: list[Violation], history: History, executions: list[Execution]) -> None:
    """For each violation the rows and journal lines of its runs."""
    with file.open("w") as evidence:
        for violation in violations:
            evidence.write(f"{violation}\n")
            for run in violation.runs[:3]:
                for line in _story(run, history, executions):
                    evidence.write(f"    {line}\n")


def _story(run: int, history: History, executions: list[Execution]) -> list[str]:
    found = [f"{row!r}" for row in history.runs if row.id == run]
    found += [f"{row!r}" for row in history.attempts if row.run == run]
    found += [
        f"{row.at:%H:%M:%S.%f} attempt {row.attempt}: {row.before or 'new'} → {row.after}"
        for row in history.changes
        if row.run == run and row.at
    ]
    for execution in (execution for execution in executions if execution.run == run):
        pauses = [
            f"silent {earlier:.1f}–{later:.1f}"
            for earlier, later in zip(execution.pulses, execution.pulses[1:], strict=False)
            if later - earlier > 1
        ]
        when = f"{execution.begin:.1f}–{execution.last_seen:.1f} by CLOCK_BOOTTIME (wall clock less {history.wall:.1f})"
        end = f"exit {execution.exit_code}, stopped {execution.stopped}"
        found.append(", ".join([f"journal: {execution}", when, end, *pauses]))
    return found
