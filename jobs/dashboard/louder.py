"""The words of a run that says more of what it does."""

import re
from collections.abc import Sequence

LOUD = ("--verbosity", "2", "--traceback")
# Of the words that already say how loud, those with their value in one word.
IN_ONE = re.compile(r"--verbosity=\S*|-v\d|--traceback")


def louder(words: Sequence[str]) -> list[str]:
    """The same words, and before them what makes any Django command say more.

    What follows `--` belongs to the command, and stays.
    """
    place = words.index("--") if "--" in words else len(words)
    kept: list[str] = []
    own = iter(words[:place])
    for word in own:
        if word in ("--verbosity", "-v"):
            next(own, None)
        elif not IN_ONE.fullmatch(word):
            kept.append(word)
    return [*LOUD, *kept, *words[place:]]
