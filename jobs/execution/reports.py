"""What a child reports of its run, line by line. A child may send anything: none of it raises here."""

import json
import math
from typing import Any

from jobs.declarations import bounds
from jobs.masking import Masker

# In bytes. A report is a progress, and at the end an error and a result, each of bounded length.
LONGEST_LINE = 1024 * 1024


class Reports:
    """Reads the reports out of the bytes that come, and keeps the latest progress and the end."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._parts: list[bytes] = []
        self._size = 0
        self.progress: dict[str, Any] | None = None
        self.end: dict[str, Any] = {}

    def take(self, data: bytes) -> bool:
        """Take what was read. Whether there is new progress."""
        before = self.progress
        first, *others = data.split(b"\n")
        self._add(first)
        for part in others:
            self._read(b"".join(self._parts))
            self._parts.clear()
            self._size = 0
            self._add(part)
        return self.progress is not before

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._size <= LONGEST_LINE:
            self._parts.append(part)
        else:
            self._parts.clear()

    def _read(self, line: bytes) -> None:
        try:
            report = json.loads(line)
        except (ValueError, RecursionError):  # SIGTERM cut it short, or it isn't ours
            return
        if not isinstance(report, dict):
            return
        progress, end = report.get("progress"), report.get("end")
        if isinstance(progress, dict) and progress:
            kept = {str(name)[:20]: bounds.plain(value) for name, value in list(progress.items())[:8]}
            self.progress = clean(kept, self._masker, bounds.LONGEST_MESSAGE)
        if isinstance(end, dict):
            self.end = self._end(end)

    def _end(self, end: dict[str, Any]) -> dict[str, Any]:
        error, statements = end.get("error"), end.get("sql_statements")
        is_count = isinstance(statements, int) and 0 <= statements <= bounds.LARGEST_COUNT
        return {name: value for name, value in end.items() if isinstance(value, int | float)} | {
            "error": sentence(error, self._masker) if isinstance(error, str) else "",
            "result": clean(bounds.result(end.get("result")), self._masker, bounds.LONGEST_RESULT),
            "sql_statements": statements if is_count else None,
        }


def sentence(text: str, masker: Masker) -> str:
    """An error as it is kept."""
    return str(clean(text, masker, bounds.LONGEST_ERROR))


def clean(value: Any, masker: Masker, most: int) -> Any:
    """JSON as PostgreSQL takes it: without NaN and NUL, without secrets, and with no text longer than `most`."""
    match value:
        case str() if len(value) > most:
            # What is cut may have been a secret's end.
            return masker.beginning(_printable(value[:most])) + bounds.cut_note(most)
        case str():
            return masker.whole(_printable(value))
        case float() if not math.isfinite(value):
            return str(value)
        case list():
            return [clean(item, masker, most) for item in value]
        case dict():
            return {clean(key, masker, most): clean(item, masker, most) for key, item in value.items()}
    return value


def _printable(text: str) -> str:
    """Text as PostgreSQL takes it: without NUL, and without halves of characters."""
    return text.replace("\x00", "�").encode(errors="replace").decode()
