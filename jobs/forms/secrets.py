"""What a form is filled with has no secrets: they are asked for again."""

from collections.abc import Collection, Sequence

from jobs import masking

MASK = "***"


def without_secrets(declared: Collection[str], words: Sequence[str]) -> list[str]:
    """The words without secret options and their values."""
    kept: list[str] = []
    for word, shown in zip(words, masking.hide_words(declared, words), strict=True):
        if word == shown:
            kept.append(word)
        elif not word.startswith("-") and kept and kept[-1].startswith("-"):
            # Its option stands before it, and means nothing without it.
            kept.pop()
    return kept


def is_shown(text: str) -> bool:
    """Whether nothing in this value is a secret by its looks."""
    return masking.hide_words((), [text]) == [text]


def count(declared: Collection[str], words: Sequence[str]) -> int:
    """How many of the words hold a secret."""
    return sum(word != shown for word, shown in zip(words, masking.hide_words(declared, words), strict=True))
