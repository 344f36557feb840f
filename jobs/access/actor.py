"""Who acts: the one argument by which every verb decides whether it may be done."""

from collections.abc import Iterable
from dataclasses import dataclass

from jobs.access.rules import EVERYTHING, Rule, first
from jobs.choices import Door, Verb
from jobs.sentences import Sentence


class Unseen(Sentence, LookupError):
    """No job is declared as {job!r}, or you may not see it."""

    def __init__(self, job: str) -> None:
        super().__init__(job=job)


class Refused(Sentence, PermissionError):
    """{name} may not {verb} {what}. `manage.py who-may {job}` lists who may, and why."""

    def __init__(self, name: str, verb: Verb, job: str) -> None:
        super().__init__(name=name, verb=verb.value, what=job or "all jobs", job=job or "'*'")


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """A person or program at a door, with what it may do there.

    `name` is what the ledger keeps of it. Of a token both count: what its owner may do now, and the token's `scopes`.
    """

    name: str
    door: Door
    rules: tuple[Rule, ...] = ()
    scopes: tuple[Rule, ...] | None = None
    address: str = ""
    token: str = ""
    user_id: object = None

    @classmethod
    def of_shell(cls, name: str) -> "Actor":
        """Whoever may run manage.py has the database's password, and may do everything."""
        return cls(name=name, door=Door.SHELL, rules=(EVERYTHING,))

    def why(self, verb: Verb, job: str) -> Rule | None:
        """The rule that allows it; None where nothing does."""
        if self.scopes is not None and first(self.scopes, verb, job) is None:
            return None
        return first(self.rules, verb, job)

    def may(self, verb: Verb, job: str) -> bool:
        return self.why(verb, job) is not None

    def may_everywhere(self, verb: Verb) -> bool:
        """Whether it may do this with all jobs, also with those that are declared later."""
        of_scopes = self.scopes is None or any(scope.allows_everywhere(verb) for scope in self.scopes)
        return of_scopes and any(rule.allows_everywhere(verb) for rule in self.rules)

    def sees_nothing(self) -> bool:
        return not self.rules or self.scopes == ()

    def seen(self, jobs: Iterable[str], verb: Verb = Verb.VIEW) -> list[str]:
        """Those of the jobs with which it may do this, in their order."""
        return [job for job in jobs if self.may(verb, job)]

    def require(self, verb: Verb, job: str) -> None:
        """Raises Unseen where the job may not even be seen, and Refused where only this may not be done with it."""
        if self.may(verb, job):
            return
        raise Refused(self.name, verb, job) if self.may(Verb.VIEW, job) else Unseen(job)

    def require_everywhere(self, verb: Verb) -> None:
        """Raises Refused."""
        if not self.may_everywhere(verb):
            raise Refused(self.name, verb, "")
