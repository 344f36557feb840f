"""`manage.py who-may JOB`: who may do what with a job, and why."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.access.granting import in_order
from jobs.access.listing import Holder, who_may
from jobs.access.rules import role_of
from jobs.choices import Verb
from jobs.declarations.registry import UnknownJob, registry
from jobs.formats import NOTHING
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import add_format, as_json, as_table

HEADINGS = ("WHO", "MAY", "WHY", "MEMBERS")


class Command(LedgerCommand):
    help = "List who may do what with a job, and by which grant."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", metavar="JOB", help="The job's name, or '*' for what concerns all jobs.")
        parser.add_argument("--verb", choices=Verb.values, help="Only those who may do this.")
        add_format(parser)

    def handle(self, *, job: str, verb: str | None, format: str, **options: Any) -> None:
        try:
            name = job if job == "*" else registry[job].name
        except UnknownJob as error:
            raise CommandError(str(error)) from None
        found = who_may(name, Verb(verb) if verb else None)
        if format == "json":
            self.stdout.write(as_json([facts(holder) for holder in found]))
        elif found:
            self.stdout.write(as_table(HEADINGS, [_cells(holder) for holder in found]))
        else:
            self.stdout.write("Nobody but who may run manage.py. `manage.py grant give` gives a grant.")


def facts(holder: Holder) -> dict[str, Any]:
    return {
        "who": holder.name,
        "role": role_of(holder.rule.verbs),
        "verbs": [verb.value for verb in in_order(holder.rule.verbs)],
        "jobs": holder.rule.selector.text,
        "why": holder.rule.source,
        "members": holder.members,
        "idle": holder.is_idle,
    }


def _cells(holder: Holder) -> tuple[str, ...]:
    found = facts(holder)
    what = "nothing at present" if holder.is_idle else found["role"] or ",".join(found["verbs"])
    why = f"{found['why']}, on {found['jobs']}"
    return holder.name, what, why, ", ".join(holder.members) or NOTHING
