"""`manage.py grant`: who may do what with which jobs."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.access.granting import UnreadableVerbs, read_verbs
from jobs.access.holders import holder_of
from jobs.access.rules import role_of
from jobs.access.selectors import UnreadableSelector
from jobs.choices import Verb
from jobs.formats import NOTHING, clock
from jobs.management.holders import add_owners, ends_at, group_named, service_named, user_named
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator
from jobs.management.printing import add_format, as_json, as_table, row_number
from jobs.models import Grant
from jobs.verbs import grants

HEADINGS = ("GRANT", "HOLDER", "MAY", "JOBS", "UNTIL", "BY", "REASON")


class Command(LedgerCommand):
    help = "Give, list and end grants: each lets one user, group or service account do something with some jobs."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        give = acts.add_parser("give", help="Let somebody do more.")
        give.add_argument("verbs", metavar="VERBS", help="A role (viewer, operator …), or verbs: run,cancel.")
        give.add_argument("jobs", metavar="JOBS", help="A name, a pattern ('billing-*'), label:payroll, or '*'.")
        add_owners(give, with_group=True)
        give.add_argument("--until", help="30m, 2h, 3d, or a time: 2026-01-31T02:00. Default: until you end it.")
        give.add_argument("--reason", default="", help="The reason; it is shown to others.")
        add_format(acts.add_parser("list", help="List the grants in force."))
        end = acts.add_parser("end", help="End a grant now.")
        end.add_argument("grant", type=row_number, metavar="GRANT", help="Its number, as `grant list` shows it.")
        end.add_argument("--reason", default="", help="The reason; it is shown to others.")

    def handle(self, *, act: str, **options: Any) -> None:
        acts: dict[str, Callable[..., None]] = {"give": self._give, "list": self._list, "end": self._end}
        acts[act](**options)

    def _give(
        self, *, verbs: str, jobs: str, user: str | None, group: str | None, service: str | None, **options: Any
    ) -> None:
        found, is_new = group_named(group) if group else (None, False)
        try:
            given = grants.grant(
                Actor.of_shell(operator()),
                read_verbs(verbs),
                jobs,
                user=user_named(user) if user else None,
                group=found,
                service=service_named(service) if service else None,
                reason=options["reason"],
                until=ends_at("--until", options["until"]),
            )
        except (UnreadableVerbs, UnreadableSelector, grants.EndsInThePast) as error:
            raise CommandError(str(error)) from None
        new = " The group is new." if is_new else ""
        self.stdout.write(f"Grant {given.pk}: {holder_of(given)} is {_may(given)} on {given.selector}.{new}")

    def _list(self, *, format: str, **options: Any) -> None:
        found = Grant.objects.in_force().select_related("user", "group", "service").order_by("pk")
        if format == "json":
            self.stdout.write(as_json([facts(given) for given in found]))
            return
        now = timezone.localtime()
        rows = [
            (
                str(given.pk),
                holder_of(given),
                _may(given),
                given.selector,
                clock(given.until, now),
                given.created_by or NOTHING,
                given.reason or NOTHING,
            )
            for given in found
        ]
        self.stdout.write(as_table(HEADINGS, rows) if rows else "No grants. Superusers may do everything.")

    def _end(self, *, grant: int, reason: str, **options: Any) -> None:
        try:
            ended = grants.end_grant(Actor.of_shell(operator()), grant, reason=reason)
        except grants.UnknownGrant as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Grant {ended.pk} of {holder_of(ended)} has ended.")


def facts(given: Grant) -> dict[str, Any]:
    return {
        "id": given.pk,
        "holder": holder_of(given),
        "role": role_of(map(Verb, given.verbs)),
        "verbs": given.verbs,
        "jobs": given.selector,
        "until": given.until,
        "created_at": given.created_at,
        "created_by": given.created_by,
        "reason": given.reason,
    }


def _may(given: Grant) -> str:
    return role_of(map(Verb, given.verbs)) or ",".join(given.verbs)
