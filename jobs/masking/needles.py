"""Where any of many byte strings stands in another, in time and memory that grow with their sizes, and not faster.

Many strings of some length are found by words of eight bytes. Whatever holds the first HEAD bytes of one holds one of
its words at a place that is looked at; looking at all these places is one call of `struct` and one of `isdisjoint`.
Only the strings of which a word was found are then searched for byte by byte.
"""

import heapq
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

WORD = 8
# From this length on, in bytes, a string is found by its words; shorter ones are few, and searched one by one.
SHORTEST_BY_WORD = 15
# So few are quicker searched for one by one too, by their heads: 1.6 ms each in 16 MB, where words take 47 ms.
FEW = 20
# How much of a string, in bytes, is known by its words. More would be quicker to look for and need more memory.
HEAD = 32
# How often a string's beginning is compared with the end of a block. Beyond that the end is held back unseen: a string
# like "aaaa…" begins everywhere.
COMPARISONS = 8


class Needles:
    """Byte strings to look for, prepared once. It isn't changed afterwards, so threads may share it."""

    def __init__(self, values: Iterable[bytes]) -> None:
        all_values = sorted(values, key=len)
        long = [value for value in all_values if len(value) >= SHORTEST_BY_WORD]
        self._short = [value for value in all_values if len(value) < SHORTEST_BY_WORD]
        self._head = min(HEAD, len(long[0])) if long else SHORTEST_BY_WORD
        self._stride = self._head - WORD + 1
        by_word: dict[int, set[bytes]] = defaultdict(set)
        self._few = [(value[: self._head], value) for value in long] if len(long) <= FEW else []
        for value in [] if self._few else long:
            for place in range(self._stride):
                by_word[int.from_bytes(value[place : place + WORD], "little")].add(value)
        self._by_word = dict(by_word)
        self._words = frozenset(by_word)
        self._beginnings = {value[:length] for value in all_values for length in range(1, min(len(value), self._head))}

    def __bool__(self) -> bool:
        return bool(self._short or self._few or self._words)

    def replace(self, data: bytes, by: bytes, *, more: bool) -> tuple[bytes, int]:
        """The data with each needle replaced, the first of them and of those the longest; and how much of it was read.

        With `more` to come an end that could become a needle isn't read yet.
        """
        near = self._near(data)
        end = self._undecided(data, 0, near) if more else len(data)
        shown, place = bytearray(), 0
        for start, stop in _occurrences(data, near):
            # A longer needle may begin here or before, and take this one in.
            if start >= end:
                break
            shown += data[place:start] + by
            place = stop
            if place > end:
                end = self._undecided(data, place, near)
        return bytes(shown + data[place:end]), end

    def _near(self, data: bytes) -> list[bytes]:
        """The needles that may stand in the data, or begin at its end by their whole head."""
        found = {needle for needle in self._short if needle in data}
        found.update(needle for head, needle in self._few if head in data)
        if len(data) >= WORD and self._words:
            looked_at = _every(self._stride, (len(data) - WORD) // self._stride).unpack_from(data)
            if not self._words.isdisjoint(looked_at):
                found.update(*(self._by_word[word] for word in self._words.intersection(looked_at)))
        return sorted(found)

    def _undecided(self, data: bytes, start: int, near: list[bytes]) -> int:
        """Where, from `start` on, an end of the data begins that more of it could make a needle."""
        end = min((self._begins(needle, data, start) for needle in near), default=len(data))
        for length in range(min(self._head - 1, len(data) - start), len(data) - end, -1):
            if data[-length:] in self._beginnings:
                return len(data) - length
        return end

    def _begins(self, needle: bytes, data: bytes, start: int) -> int:
        """Where a needle begins at the data's end by its head or more; the data's length where none does."""
        head = needle[: self._head]
        place = data.find(head, max(start, len(data) - len(needle) + 1))
        for _ in range(COMPARISONS):
            if place < 0:
                return len(data)
            if needle.startswith(data[place:]):
                break
            place = data.find(head, place + 1)
        return len(data) if place < 0 else place


def _occurrences(data: bytes, needles: Iterable[bytes]) -> Iterator[tuple[int, int]]:
    """Start and end of each needle in the data, none within another: the first, and of those the longest."""
    ahead = [(place, -len(needle), needle) for needle in needles if (place := data.find(needle)) >= 0]
    heapq.heapify(ahead)
    done = 0
    while ahead:
        place, _, needle = ahead[0]
        if place >= done:
            done = place + len(needle)
            yield place, done
        elif (place := data.find(needle, done)) >= 0:
            heapq.heapreplace(ahead, (place, -len(needle), needle))
        else:
            heapq.heappop(ahead)


@lru_cache(maxsize=32)
def _every(stride: int, gaps: int) -> struct.Struct:
    """Reads a word at 0, stride, 2 · stride …"""
    return struct.Struct("<" + f"Q{stride - WORD}x" * gaps + "Q")
