"""What differs between the two sides, and what of that is meant to."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import unified_diff

from jobs.masking import MASK
from tools.compare.sides import Ended

# Nothing to do with who runs it: time, addresses, ports, process ids and what has no order.
VOLATILE = [
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:s|ms|secs?|seconds?)\b"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\+\d\d:?\d\d|Z)?"), "MOMENT"),
    (re.compile(r"\d{4}-\d\d-\d\d-\d{6}"), "MOMENT"),
    (re.compile(r"0x[0-9a-f]{6,}"), "ADDRESS"),
    (re.compile(r"compare_(?:cron|run)(?![a-z])"), "DATABASE"),
    (re.compile(r"\bPID \d+"), "PID"),
    (re.compile(r"^(Date|Message-ID): .*$", re.MULTILINE), r"\1"),
    (re.compile(r"\bworker_id=\w+"), "WORKER"),
    (re.compile(r"Sentry is attempting to send .*\n(?:Waiting up to .*\n)?(?:Press Ctrl-C to quit\n)?"), ""),
]
FRAME_OF_MANAGE_PY = re.compile(
    r'  File "[^"]*(?:manage\.py|django/core/management/\w+\.py)", line \d+, in .*\n(?:    .*\n)*'
)
CHECKS = re.compile(r"System check identified some issues:\n\n(?:(?:ERRORS|WARNINGS|INFOS):\n(?:.+\n)+\n?)+")
LOGGED = re.compile(r"^(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) [\w.]+: ")
LOGGED_INFO = re.compile(r"INFO [\w.]+: ")


@dataclass(frozen=True, slots=True)
class Difference:
    what: str
    meant: str = ""


def between(cron: Ended, run: Ended) -> list[Difference]:
    found = []
    if cron.code != run.code:
        found.append(Difference(f"exit code: {cron.code} under cron, {run.code} as a run"))
    if cron.events != run.events:
        found.append(Difference(f"error reporter: {cron.events} under cron, {run.events} as a run"))
    for name in ("stdout", "stderr"):
        found += _of_texts(name, _steady(getattr(cron, name), cron), _steady(getattr(run, name), run))
    if not _is_the_reason(run):
        found.append(Difference(f"error: {run.error!r} isn't what the command printed"))
    return found


def _steady(text: str, side: Ended) -> str:
    text = text.replace(side.environment["COMPARE_HOME"], "HOME")
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return text


def _of_texts(name: str, cron: str, run: str) -> list[Difference]:
    meant = []
    for why, change in MEANT:
        if cron == run:
            break
        before = cron, run
        cron, run = change(cron, run)
        if (cron, run) != before:
            meant.append(Difference(name, why))
    if cron == run:
        return meant
    diff = unified_diff(cron.splitlines(), run.splitlines(), f"{name} under cron", f"{name} as a run", lineterm="", n=0)
    return [Difference("\n          ".join(list(diff)[:30]))]


def _without_frames(cron: str, run: str) -> tuple[str, str]:
    return FRAME_OF_MANAGE_PY.sub("", cron), FRAME_OF_MANAGE_PY.sub("", run)


def _without_checks(cron: str, run: str) -> tuple[str, str]:
    return CHECKS.sub("", cron), run


def _without_levels(cron: str, run: str) -> tuple[str, str]:
    lines_of_cron = set(cron.splitlines(keepends=True))
    lines = []
    for line in run.splitlines(keepends=True):
        # A command may write lines of this form itself.
        if line in lines_of_cron:
            lines.append(line)
        elif not LOGGED_INFO.match(line):
            lines.append(LOGGED.sub("", line))
    return cron, "".join(lines)


def _masked(cron: str, run: str) -> tuple[str, str]:
    mask = MASK.decode()
    pattern = ".+?".join(map(re.escape, run.split(mask)))
    return (run, run) if mask in run and re.fullmatch(pattern, cron, re.DOTALL) else (cron, run)


MEANT: list[tuple[str, Callable[[str, str], tuple[str, str]]]] = [
    ("a run's traceback begins in the command", _without_frames),
    ("a run skips the system checks", _without_checks),
    ("a run shows from INFO on what no handler takes, with level and name", _without_levels),
    ("secrets are masked in a run's output", _masked),
]


def _is_the_reason(run: Ended) -> bool:
    """Whether a run's error is there exactly when it failed, and says what the command said."""
    if run.code == 0:
        return run.error == ""
    printed = " ".join((run.stdout + run.stderr).split())
    return run.error != "" and (
        " ".join(run.error.split()) in printed
        or run.error == f"The command ended with exit code {run.code}."
        or run.error.startswith("The command asked for input, and a run has none. ")
    )
