"""Which jobs a grant or a token's scope names: one name, a pattern, a label, or all of them."""

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

from jobs.declarations.registry import registry
from jobs.declarations.rules import LABEL
from jobs.sentences import Sentence

ALL = "*"
PREFIX = "label:"
PATTERN = re.compile(r"[A-Za-z0-9_*?-]{1,127}")


class UnreadableSelector(Sentence, ValueError):
    """{text!r} names no jobs. Write a job's name, a pattern such as billing-*, a label such as label:payroll, or *."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


@dataclass(frozen=True, slots=True)
class Selector:
    """Names jobs by their name or by a label that they declare. What nobody declares any more has no labels."""

    text: str

    @classmethod
    def read(cls, text: str) -> "Selector":
        """Raises UnreadableSelector."""
        label = text.removeprefix(PREFIX)
        if not (LABEL.fullmatch(label) if label != text else PATTERN.fullmatch(text)):
            raise UnreadableSelector(text)
        return cls(text)

    @property
    def is_all(self) -> bool:
        return self.text == ALL

    def names(self, job: str) -> bool:
        """Whether it names this job, which may be declared no longer."""
        if self.text.startswith(PREFIX):
            declared = registry.get(job)
            return declared is not None and self.text.removeprefix(PREFIX) in declared.labels
        return fnmatchcase(job, self.text)

    def __str__(self) -> str:
        return self.text
