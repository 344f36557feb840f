"""Programs that start another one: `flock`, `timeout`, `nice`, `sudo`. Each says what its part of a line means here."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePosixPath

from jobs.scaffold.found import Untranslatable

DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)([smhd]?)")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(kw_only=True, slots=True)
class Unwrapped:
    """What wrappers said: parameters of `declare`, the file of a lock, notes, and the words of a `-c 'command'`."""

    options: dict[str, str | int | timedelta] = field(default_factory=dict)
    lock: str = ""
    notes: list[str] = field(default_factory=list)
    text: str = ""


def unwrapped(words: Sequence[str], into: Unwrapped) -> Sequence[str]:
    """The words behind all wrappers at the beginning. Raises Untranslatable for what has no meaning here."""
    while words and (wrapper := WRAPPERS.get(PurePosixPath(words[0]).name)):
        words = wrapper(list(words[1:]), into)
    return words


def _options(
    words: list[str], with_value: str, long_with_value: Sequence[str] = ()
) -> tuple[list[tuple[str, str]], list[str]]:
    """The (option, value) pairs at the beginning, and the rest: short options may be joined, a value too."""
    found = list[tuple[str, str]]()
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word == "--":
            break
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            if not equals and name in long_with_value and words:
                value = words.pop(0)
            found.append((name, value))
            continue
        for place, letter in enumerate(word[1:], start=2):
            if letter in with_value:
                found.append((f"-{letter}", word[place:] or (words.pop(0) if words else "")))
                break
            found.append((f"-{letter}", ""))
    return found, words


def _flock(words: list[str], into: Unwrapped) -> Sequence[str]:
    options, rest = _options(words, "wEc", ("--timeout", "--wait", "--conflict-exit-code", "--command"))
    if not rest:
        raise Untranslatable("flock has no lock file here. Correct the line.")
    into.lock, rest = rest[0], rest[1:]
    if rest[:1] == ["-c"] or rest[:1] == ["--command"]:
        into.text, rest = rest[1] if len(rest) > 1 else "", []
    names = {name for name, _ in options}
    if names & {"-s", "--shared", "-u", "--unlock"}:
        raise Untranslatable("flock takes a shared lock here, or unlocks. Say what it is for by overlap= or a group.")
    into.options["overlap"] = "skip" if names & {"-n", "--nb", "--nonblock"} else "queue"
    if names & {"-w", "--wait", "--timeout"}:
        into.notes.append("flock waited for so long only; here the run waits for the one before, however long.")
    return rest


def _timeout(words: list[str], into: Unwrapped) -> Sequence[str]:
    options, rest = _options(words, "ks", ("--kill-after", "--signal"))
    if not rest:
        raise Untranslatable("timeout has no duration here. Correct the line.")
    if limit := _duration(rest[0]):
        into.options["timeout"] = limit
    else:
        into.notes.append("timeout 0 sets no limit; here a run has one of an hour.")
    for name, value in options:
        if name in {"-k", "--kill-after"}:
            into.options["grace"] = _duration(value)
        elif name in {"-s", "--signal"} and value.upper().removeprefix("SIG") in {"KILL", "9"}:
            into.options["grace"] = timedelta(0)
        elif name in {"-s", "--signal"} and value.upper().removeprefix("SIG") not in {"TERM", "15"}:
            into.notes.append(f"timeout sent {value}; here a run gets SIGTERM.")
    return rest[1:]


def _duration(text: str) -> timedelta:
    match = DURATION.fullmatch(text)
    if match is None:
        raise Untranslatable(f"{text!r} is not a duration that timeout reads. Write 90, or 10m.")
    return timedelta(seconds=float(match[1]) * UNITS[match[2]])


def _left_out(with_value: str, note: str) -> Callable[[list[str], Unwrapped], Sequence[str]]:
    def wrapper(words: list[str], into: Unwrapped) -> Sequence[str]:
        _, rest = _options(words, with_value)
        if note:
            into.notes.append(note)
        return rest

    return wrapper


def _shell(words: list[str], into: Unwrapped) -> Sequence[str]:
    options, rest = _options(words, "")
    if "-c" not in {name for name, _ in options} or not rest:
        raise Untranslatable("It runs a shell script. Make it a management command.")
    into.text = rest[0]
    return []


def _su(words: list[str], into: Unwrapped) -> Sequence[str]:
    command = next((words[place + 1] for place, word in enumerate(words[:-1]) if word in {"-c", "--command"}), "")
    if not command:
        raise Untranslatable("su starts no command here. Name it: su -c COMMAND")
    into.text = command
    into.notes.append("su is left out: a run has the worker's user.")
    return []


def _env(words: list[str], into: Unwrapped) -> Sequence[str]:
    options, rest = _options(words, "uC")
    if options:
        raise Untranslatable("env changes the environment here. Set app settings, or read them in the command.")
    return rest


def _watched(words: list[str], into: Unwrapped) -> Sequence[str]:
    """`chronic`, and `time`: what they do is done here for every run."""
    return _options(words, "")[1]


def _run(words: list[str], into: Unwrapped) -> Sequence[str]:
    """`poetry run COMMAND`, and its like."""
    if words[:1] != ["run"]:
        raise Untranslatable("It is no management command. Make it one, and declare that.")
    return _options(words[1:], "")[1]


WRAPPERS: dict[str, Callable[[list[str], Unwrapped], Sequence[str]]] = {
    "flock": _flock,
    "timeout": _timeout,
    "nice": _left_out("n", "nice is left out: a run has a process of its own."),
    "ionice": _left_out("cnpPu", "ionice is left out."),
    "sudo": _left_out("ugh", "sudo is left out: a run has the worker's user."),
    "setsid": _watched,
    "nohup": _watched,
    "chronic": _watched,
    "time": _watched,
    "exec": _watched,
    "env": _env,
    "sh": _shell,
    "bash": _shell,
    "dash": _shell,
    "su": _su,
    **dict.fromkeys(("poetry", "uv", "pipenv", "pdm", "hatch", "rye"), _run),
}
