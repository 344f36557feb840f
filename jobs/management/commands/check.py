"""`manage.py check`: Django's own, which also looks into the commands of all jobs."""

from typing import Any

from django.core.checks import run_checks
from django.core.management.base import CommandParser, SystemCheckError
from django.core.management.commands import check

from jobs import checks


class Command(check.Command):
    help = f"{check.Command.help} Also loads the command of every job, and asks its parser about the job's arguments."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--build",
            action="store_true",
            help="Before a deployment: --deploy, and fail on errors, on the warnings of Django's deployment checks and "
            "on Nightshift's. The warnings of other apps are reported.",
        )

    def handle(self, *app_labels: Any, **options: Any) -> None:
        build = options.pop("build", False)
        options["deploy"] = options["deploy"] or build
        with checks.with_commands():
            super().handle(*app_labels, **options)
            # Errors have stopped it by now.
            found = run_checks(tags=options["tags"], include_deployment_checks=True) if build else []
        if stopping := checks.stopping(found):
            names = ", ".join(sorted({str(message.id) for message in stopping}))
            raise SystemCheckError(f"A deployment must have none of these warnings: {names}.")
