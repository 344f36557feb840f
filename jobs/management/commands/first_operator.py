"""`manage.py first_operator`: the account by which the first person signs in."""

import os
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from django.db import IntegrityError, transaction

from jobs import app_settings
from jobs.management.ledger_command import LedgerCommand


class Command(LedgerCommand):
    help = (
        "Make a superuser called JOBS_ADMIN_USERNAME with the password JOBS_ADMIN_PASSWORD, both from the environment, "
        "where there is none of that name. One that is there stays as it is, with the password it has."
    )

    # A container starts with it: an app setting that spoils a declaration must not stop that.
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            name, password = os.environ.get("JOBS_ADMIN_USERNAME"), app_settings.secret("JOBS_ADMIN_PASSWORD")
        except app_settings.UnreadSecret as error:
            raise CommandError(str(error)) from None
        if not name or not password:
            raise CommandError("JOBS_ADMIN_USERNAME or JOBS_ADMIN_PASSWORD is not set. Set both.")
        try:
            # Two instances may start at once: the name's unique key lets one of them make it.
            with transaction.atomic():
                get_user_model().objects.create_superuser(username=name, email="", password=password)
        except IntegrityError:
            self.stdout.write(f"{name} has an account already.")
        else:
            self.stdout.write(f"{name} has an account now.")
