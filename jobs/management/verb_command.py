"""A management command that is one of the operator's verbs, on the ledger of this project."""

from argparse import ArgumentParser
from typing import Any, ClassVar

from django.core.management.base import CommandError

from jobs.commandline.ledger import Refusal
from jobs.commandline.verb import Verb
from jobs.management.here import Here
from jobs.management.ledger_command import LedgerCommand


class VerbCommand(LedgerCommand):
    verb: ClassVar[Verb]
    # An operator looks here when something is wrong, perhaps with a declaration.
    requires_system_checks = []

    def __init_subclass__(cls) -> None:
        cls.help = cls.verb.help

    def add_arguments(self, parser: ArgumentParser) -> None:
        self.verb.add_arguments(parser)

    def handle(self, *arguments: Any, **options: Any) -> None:
        try:
            self.verb.handle(Here(self.out.remark), self.out, **options)
        except Refusal as refusal:
            raise CommandError(str(refusal), returncode=refusal.code) from None
