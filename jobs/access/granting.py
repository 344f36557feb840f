"""What a person writes for a grant: verbs, or a ready role; and who holds it."""

from collections.abc import Iterable

from jobs.choices import ROLES, Verb
from jobs.sentences import Sentence


class UnreadableVerbs(Sentence, ValueError):
    """{text!r} is neither a role nor a list of verbs. Roles: {roles}. Verbs, separated by commas: {verbs}."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text, roles=", ".join(ROLES), verbs=", ".join(Verb.values))


def read_verbs(text: str) -> tuple[Verb, ...]:
    """The verbs of a ready role, or those that are listed: "operator", "run,cancel". Raises UnreadableVerbs."""
    words = [word.strip() for word in text.split(",")]
    if text.strip() in ROLES:
        return ROLES[text.strip()]
    if not set(words) <= set(Verb.values):
        raise UnreadableVerbs(text)
    return in_order(map(Verb, words))


def in_order(verbs: Iterable[Verb]) -> tuple[Verb, ...]:
    """As the glossary lists them, each once."""
    found = set(verbs)
    return tuple(verb for verb in Verb if verb in found)
