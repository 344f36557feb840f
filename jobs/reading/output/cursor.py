"""Places in what a run writes."""

import re
from typing import NamedTuple, Self

from jobs.sentences import Sentence

# What the database can compare with the numbers of attempts and pieces, and with the bytes of a piece.
FORM = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")


class UnreadableCursor(Sentence, ValueError):
    """{text!r} is not a place in a run's output. Pass on the `next` or `before` of an answer, or omit it."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class Cursor(NamedTuple):
    """The place of one byte: an attempt's number, the number of a piece that it wrote, and a byte in that.

    As text it is `attempt.piece.byte`. Pieces are only ever added, each with the next number, and none is changed. So
    a place stays where it is while a run goes on writing, also the place of a piece that isn't written yet.
    """

    attempt: int
    piece: int = 0
    byte: int = 0

    @classmethod
    def of(cls, text: str) -> Self:
        """The cursor that this text is. Raises UnreadableCursor."""
        found = FORM.fullmatch(text)
        if found is None:
            raise UnreadableCursor(text)
        return cls(*map(int, found.groups()))

    def __str__(self) -> str:
        return ".".join(map(str, self))
