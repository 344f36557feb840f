"""What a grant, or the scope of a token, lets its holder do. Pure: who holds what is read in `holders`."""

from collections.abc import Iterable
from dataclasses import dataclass

from jobs.access.selectors import Selector
from jobs.choices import ROLES, Verb


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """These verbs with the jobs that the selector names. `source` says where that stands: "grant 7 of the group a"."""

    verbs: frozenset[Verb]
    selector: Selector
    source: str = ""

    def allows(self, verb: Verb, job: str) -> bool:
        return verb in self.verbs and self.selector.names(job)

    def allows_everywhere(self, verb: Verb) -> bool:
        return verb in self.verbs and self.selector.is_all


EVERYTHING = Rule(verbs=frozenset(Verb), selector=Selector("*"))


def first(rules: Iterable[Rule], verb: Verb, job: str) -> Rule | None:
    """The first rule that by itself allows this; two are never taken together."""
    return next((rule for rule in rules if rule.allows(verb, job)), None)


def with_view(verbs: Iterable[Verb]) -> frozenset[Verb]:
    """Whoever may do something with a job may see it."""
    return frozenset(verbs) | {Verb.VIEW}


def role_of(verbs: Iterable[Verb]) -> str:
    """The ready role that has exactly these verbs; empty where none has."""
    found = frozenset(verbs)
    return next((name for name, of_role in ROLES.items() if frozenset(of_role) == found), "")
