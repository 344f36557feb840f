"""`nightshift init` and `upgrade`: files are added to a project, and none of its own is changed."""

import difflib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from jobs.version import __version__

# What was written, by path, as a checksum: so that an upgrade knows which files are as they were.
RECORD = Path(".nightshift.json")
# Theirs from the first day on: an upgrade leaves them alone.
THEIRS = {"schedule.py", "nightshift_settings.py"}


class State(Enum):
    """How a file in the project compares with the one of the installed version."""

    MISSING = "missing"
    SAME = "as in this version"
    OLDER = "as an earlier version wrote it"
    CHANGED = "changed by hand"
    THEIRS = "yours"


@dataclass(frozen=True, kw_only=True, slots=True)
class Compared:
    """A file by its path in the project, with its state and both texts: the project's, and this version's."""

    path: Path
    state: State
    here: str
    new: str

    def diff(self) -> str:
        """What would change, as `diff -u` shows it."""
        lines = difflib.unified_diff(
            self.here.splitlines(keepends=True),
            self.new.splitlines(keepends=True),
            f"{self.path} (yours)",
            f"{self.path} ({__version__})",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)


def compare(folder: Path, files: Mapping[Path, str]) -> list[Compared]:
    """Each file of this version beside what is in the folder."""
    return list(_compared(folder, files))


def _compared(folder: Path, files: Mapping[Path, str]) -> Iterator[Compared]:
    written = _record(folder)
    for path, new in files.items():
        file = folder / path
        # Theirs may be in another encoding: it is compared and shown, and never written back.
        here = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        if not file.exists():
            state = State.MISSING
        elif here == new:
            state = State.SAME
        elif path.name in THEIRS:
            state = State.THEIRS
        elif written.get(str(path)) == _checksum(here):
            state = State.OLDER
        else:
            state = State.CHANGED
        yield Compared(path=path, state=state, here=here, new=new)


def write(folder: Path, compared: list[Compared], states: set[State]) -> list[Path]:
    """Write the files that are in one of these states; gives back their paths. No other file is touched."""
    written: list[Compared] = []
    try:
        for file in compared:
            if file.state in states:
                _write(folder / file.path, file.new)
                written.append(file)
    finally:
        # Also where one can't be written: an upgrade must know those before it as ours.
        if written:
            _add_to_record(folder, written)
    return [file.path for file in written]


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    if text.startswith("#!"):
        target.chmod(target.stat().st_mode | 0o111)


def _add_to_record(folder: Path, written: list[Compared]) -> None:
    record = _record(folder) | {str(file.path): _checksum(file.new) for file in written}
    text = json.dumps({"version": __version__, "files": dict(sorted(record.items()))}, indent=1)
    (folder / RECORD).write_text(f"{text}\n", encoding="utf-8")


def _record(folder: Path) -> dict[str, str]:
    try:
        found = json.loads((folder / RECORD).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
