"""Users, groups and service accounts as an operator names them."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs import accounts
from jobs.ledger import states
from jobs.management.moments import UnreadableEnd, end
from jobs.models import ServiceAccount
from jobs.verbs.service_accounts import UnknownService, service_account


def add_owners(parser: CommandParser, *, with_group: bool) -> None:
    """The options that name one user, group or service account."""
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--user", help="The name that the user signs in by.")
    if with_group:
        one.add_argument("--group", help="The name of a group; it is created if there is none.")
    one.add_argument("--service", metavar="ACCOUNT", help="The name of a service account.")


def owner(*, user: str | None, service: str | None) -> Any:
    """The user or service account. Raises CommandError."""
    return service_named(service) if service else user_named(user or "")


def user_named(name: str) -> Any:
    found = accounts.named(name)
    if found is None:
        raise CommandError(f"No user signs in as {name!r}.")
    return found


def service_named(name: str) -> ServiceAccount:
    try:
        return service_account(name)
    except UnknownService as error:
        raise CommandError(str(error)) from None


def group_named(name: str) -> tuple[Any, bool]:
    """The group, and whether it is new: one of App Service's may be granted something before its first member comes."""
    made: tuple[Any, bool] = apps.get_model("auth", "Group")._default_manager.get_or_create(name=name)
    return made


def ends_at(option: str, text: str | None) -> datetime | None:
    """When something is to end, by the project's clock; None if not given. Raises CommandError."""
    try:
        return end(text, timezone.get_default_timezone(), states.clock()) if text else None
    except UnreadableEnd as error:
        raise CommandError(f"{option}: {error}") from None
