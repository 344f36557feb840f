"""`manage.py service-account`: accounts of programs, which belong to no person."""

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.formats import NOTHING, clock
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator
from jobs.management.printing import add_format, as_json, as_table
from jobs.models import ServiceAccount
from jobs.verbs import service_accounts as verbs

HEADINGS = ("ACCOUNT", "IDENTITY", "DISABLED", "CREATED", "BY")
REFUSALS = (verbs.UnknownService, verbs.UnfitName, verbs.UnfitIdentity, verbs.Taken)
IDENTITY = "The object or application id of a managed identity, whose Entra ID tokens are taken for this account."


class Command(LedgerCommand):
    help = "Make, list and disable service accounts: programs with grants and tokens of their own."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        add_format(acts.add_parser("list", help="List all service accounts."))
        create = acts.add_parser("create", help="Make one, which may do nothing until it has a grant.")
        create.add_argument("--identity", default="", metavar="ID", help=IDENTITY)
        identity = acts.add_parser("identity", help="Tie one to another managed identity.")
        identity.add_argument("identity", metavar="ID", help=f"{IDENTITY} '' for none.")
        disable = acts.add_parser("disable", help="From now on it may do nothing, whatever its grants and tokens.")
        enable = acts.add_parser("enable", help="It may do again what its grants say.")
        for act in (create, identity, disable, enable):
            act.add_argument("name", metavar="ACCOUNT", help="Its name: deploy-pipeline.")

    def handle(self, *, act: str, **options: Any) -> None:
        if act == "list":
            self._list(options["format"])
            return
        actor, name = Actor.of_shell(operator()), options["name"]
        try:
            if act == "create":
                verbs.make_service_account(actor, name, options["identity"])
            elif act == "identity":
                verbs.change_service_account(actor, name, identity=options["identity"])
            else:
                verbs.change_service_account(actor, name, is_disabled=act == "disable")
        except REFUSALS as error:
            raise CommandError(str(error)) from None
        done = {"create": "is made", "identity": "is changed"}.get(act, f"is {act}d")
        self.stdout.write(f"The service account {name} {done}.")

    def _list(self, format: str) -> None:
        found = ServiceAccount.objects.order_by("name")
        columns = ("name", "identity", "disabled_at", "created_at", "created_by")
        if format == "json":
            self.stdout.write(as_json(list(found.values(*columns))))
            return
        now = timezone.localtime()
        rows = [
            (
                service.name,
                service.identity or NOTHING,
                clock(service.disabled_at, now),
                clock(service.created_at, now),
                service.created_by or NOTHING,
            )
            for service in found
        ]
        self.stdout.write(as_table(HEADINGS, rows) if rows else "No service accounts.")
