"""`manage.py token`: tokens of programs for the API."""

from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.access.granting import UnreadableVerbs, read_verbs
from jobs.access.rules import role_of
from jobs.access.selectors import UnreadableSelector
from jobs.choices import Verb
from jobs.formats import NOTHING, clock, relative
from jobs.management.holders import add_owners, ends_at, owner
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator
from jobs.management.printing import add_format, as_json, as_table, row_number
from jobs.models import Token
from jobs.verbs import tokens

HEADINGS = ("TOKEN", "NAME", "OWNER", "BEGINS", "SCOPES", "EXPIRES", "LAST USED", "FROM")
REFUSALS = (UnreadableVerbs, UnreadableSelector, tokens.NoLifetime, tokens.NoName, tokens.NoScope)


class Command(LedgerCommand):
    help = "Make, list and revoke tokens, by which programs call the API."
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        create = acts.add_parser("create", help="Make a token. It is printed once, alone on stdout.")
        create.add_argument("name", metavar="NAME", help="What it is for: deploy-pipeline.")
        add_owners(create, with_group=False)
        create.add_argument(
            "--scope",
            nargs=2,
            action="append",
            required=True,
            metavar=("VERBS", "JOBS"),
            help="What it may do at most: operator 'billing-*', or view,run label:payroll. Repeat it for several.",
        )
        create.add_argument("--expires", required=True, help="90d, or a time: 2026-01-31T02:00. At most 366 days.")
        add_format(acts.add_parser("list", help="List the tokens in force."))
        revoke = acts.add_parser("revoke", help="End a token now.")
        revoke.add_argument("token", type=row_number, metavar="TOKEN", help="Its number, as `token list` shows it.")
        revoke.add_argument("--reason", default="", help="The reason; it is shown to others.")

    def handle(self, *, act: str, **options: Any) -> None:
        acts: dict[str, Callable[..., None]] = {"create": self._create, "list": self._list, "revoke": self._revoke}
        acts[act](**options)

    def _create(self, *, name: str, scope: list[list[str]], expires: str, **options: Any) -> None:
        until = ends_at("--expires", expires)
        assert until
        try:
            scopes = [(read_verbs(verbs), jobs) for verbs, jobs in scope]
            whose = owner(user=options["user"], service=options["service"])
            made, secret = tokens.create_token(Actor.of_shell(operator()), whose, name, scopes, until)
        except REFUSALS as error:
            raise CommandError(str(error)) from None
        self.stderr.write(
            f"Token {made.pk} of {tokens.owner_of(made)}, until {timezone.localtime(until):%Y-%m-%d %H:%M}. It can't "
            "be shown again:"
        )
        self.stdout.write(secret)

    def _list(self, *, format: str, **options: Any) -> None:
        found = Token.objects.in_force().select_related("user", "service").order_by("pk")
        if format == "json":
            self.stdout.write(as_json([facts(token) for token in found]))
            return
        now = timezone.localtime()
        rows = [
            (
                str(token.pk),
                token.name,
                tokens.owner_of(token),
                f"{token.hint}…",
                "; ".join(_words(scope) for scope in token.scopes),
                clock(token.expires_at, now),
                relative(token.last_used_at, now),
                token.last_used_from or NOTHING,
            )
            for token in found
        ]
        self.stdout.write(as_table(HEADINGS, rows) if rows else "No tokens in force.")

    def _revoke(self, *, token: int, reason: str, **options: Any) -> None:
        try:
            ended = tokens.revoke_token(Actor.of_shell(operator()), token, reason=reason)
        except tokens.UnknownToken as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Token {ended.pk} ({ended.name}) of {tokens.owner_of(ended)} is revoked.")


def facts(token: Token) -> dict[str, Any]:
    """What there is to say of a token; its secret isn't kept."""
    return {
        "id": token.pk,
        "name": token.name,
        "owner": tokens.owner_of(token),
        "hint": token.hint,
        "scopes": token.scopes,
        "created_at": token.created_at,
        "created_by": token.created_by,
        "expires_at": token.expires_at,
        "last_used_at": token.last_used_at,
        "last_used_from": token.last_used_from,
    }


def _words(scope: dict[str, Any]) -> str:
    verbs = scope["verbs"]
    return f"{role_of(map(Verb, verbs)) or ','.join(verbs)} {scope['selector']}"
