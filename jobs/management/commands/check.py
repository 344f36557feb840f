"""`manage.py check`: Django's own, which also looks into the commands of all jobs."""

from typing import Any

from django.core.checks import run_checks
from django.core.management.base import CommandParser, SystemCheckError
from django.core.management.commands import check

from jobs import checks
from jobs.management.colours import HeedsNoColor


class Command(HeedsNoColor, check.Command):
    help = f"{check.Command.help} Also loads every job's command and checks the job's arguments with its parser."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--build",
            action="store_true",
            help="For a deployment's build: --deploy, and fail on errors, on warnings of Django's deployment checks "
            "and of Nightshift. Warnings of other apps are only printed.",
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
            raise SystemCheckError(f"Fix these warnings before you deploy: {names}.")
