"""`manage.py first_operator`: the account by which the first person signs in."""

import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db import IntegrityError, models, transaction

from jobs import accounts
from jobs.conf import conf
from jobs.declarations import app_settings
from jobs.management.ledger_command import LedgerCommand


class Command(LedgerCommand):
    help = (
        "Create a superuser named JOBS_ADMIN_USERNAME with the password JOBS_ADMIN_PASSWORD, both from the "
        "environment, unless that name exists already. An existing account keeps its password."
    )

    # A container starts with it: an app setting that spoils a declaration must not stop that.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name, password = conf.JOBS_ADMIN_USERNAME, app_settings.secret("JOBS_ADMIN_PASSWORD")
        except app_settings.UnreadSecret as error:
            raise CommandError(str(error)) from None
        if not name or not password:
            raise CommandError("JOBS_ADMIN_USERNAME or JOBS_ADMIN_PASSWORD is not set. Set both.")
        if accounts.named(name) or not _made(name, password):
            self.stdout.write(f"{name} already has an account.")
        else:
            self.stdout.write(f"{name} now has an account.")


def _made(name: str, password: str) -> bool:
    """Two instances may start at once: the name's unique key lets one of them make it."""
    try:
        with transaction.atomic():
            accounts.make_superuser(name, password, _required)
    except IntegrityError:
        return False
    except accounts.NoAccount as why:
        raise CommandError(str(why)) from None
    return True


def _required(field: Any) -> Any:
    """A field of the user model that an account must have: from the variable that `createsuperuser` reads too."""
    variable = f"DJANGO_SUPERUSER_{field.name.upper()}"
    value = os.environ.get(variable, "")
    if not value and not isinstance(field, models.CharField):
        raise accounts.NoAccount(f"The user model requires {field.name!r}. Set {variable}.")
    try:
        found = field.clean(value, None) if value else ""
        # A manager expects an object where the field is a foreign key.
        return field.remote_field.model(pk=found) if field.is_relation else found
    except ValidationError as error:
        raise accounts.NoAccount(f"{variable} is {value!r}. {' '.join(error.messages)}") from None
