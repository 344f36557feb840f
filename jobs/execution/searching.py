"""Finds the first line of a run's output that a rule of alerts looks for."""

from jobs.declarations import line_pattern

# Of a longer line only the end is looked at.
LONGEST_LINE = 8 * 1024
LONGEST_MATCH = 300


class Search:
    """Looks for a regular expression in the lines of both streams, without secrets. Without one it looks at nothing."""

    def __init__(self, pattern: str = "") -> None:
        self._pattern = line_pattern.compiled(pattern) if pattern else None
        self._rest = {False: b"", True: b""}
        self.found = ""

    def feed(self, data: bytes, is_stderr: bool) -> None:
        """Take what a stream brought. A line may come in pieces."""
        if self._pattern is None or self.found:
            return
        *lines, rest = (self._rest[is_stderr] + data).split(b"\n")
        for line in lines:
            self._look(line)
        self._rest[is_stderr] = rest[-LONGEST_LINE:]

    def end(self) -> str:
        """The first line that was found, also one that no line end follows; empty where none was."""
        for rest in self._rest.values():
            self._look(rest)
        return self.found

    def _look(self, line: bytes) -> None:
        line = line[-LONGEST_LINE:]
        if not line.isascii():
            # What is no UTF-8 matches no `.`: neither do halves of a character that was cut.
            line = line.decode(errors="replace").encode()
        if not self.found and self._pattern is not None and self._pattern.search(line):
            self.found = line.decode().replace("\0", "").strip()[:LONGEST_MATCH]
