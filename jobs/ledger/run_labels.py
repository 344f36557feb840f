"""Labels that a person or program gives a run as it starts: a ticket, a customer, a reason."""

from collections.abc import Iterable

from jobs.declarations.rules import LABEL
from jobs.sentences import Sentence

MOST = 10


class BadLabel(Sentence, ValueError):
    """{label!r} can't be a label. Write lower-case letters, digits and . _ / - between them, 63 at most: ticket/4711"""

    def __init__(self, label: object) -> None:
        super().__init__(label=label)


class TooManyLabels(Sentence, ValueError):
    """{count} labels were given. A run has {most} at most."""

    def __init__(self, count: int) -> None:
        super().__init__(count=count, most=MOST)


def checked(labels: Iterable[str]) -> list[str]:
    """The labels, each once and in order. Raises BadLabel or TooManyLabels."""
    found = list(dict.fromkeys(labels))
    for label in found:
        if not isinstance(label, str) or not LABEL.fullmatch(label):
            raise BadLabel(label)
    if len(found) > MOST:
        raise TooManyLabels(len(found))
    return sorted(found)
