"""Serve the function app on this machine, as the Functions host would in Azure."""

import asyncio
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.db import ProgrammingError, connections

from jobs import accounts, masking, terminal
from jobs.conf import conf, project_folder
from jobs.ledger import sql
from jobs.management.colours import HeedsNoColor
from jobs.management.printing import whole_number

# Seconds until PostgreSQL is asked again, where it doesn't answer at the start.
PAUSE = 1.0


class Command(HeedsNoColor):
    help = "Run the local Functions host: timers, HTTP and the doorbell around Azure's own worker library."

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Before Django takes the streams.
        terminal.open_missing_streams()
        super().__init__(*arguments, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port",
            type=whole_number("ports", 65_535, least=0),
            default=7071,
            help="the port for HTTP; 0 chooses a free one",
        )
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
        parser.add_argument("--app", type=Path, default=project_folder(), help="the folder of function_app.py")
        parser.add_argument(
            "--state",
            type=Path,
            default=project_folder() / ".local",
            help="the folder for the timers' status and the master key",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            from jobs.localhost import shutdown
            from jobs.localhost.functions import Refused
            from jobs.localhost.host import Host, Options
            from jobs.localhost.worker import WorkerEnded
        except ImportError as missing:
            raise CommandError(
                f"{missing}. The local host needs the packages of requirements-dev.txt, which the image doesn't have."
            ) from None
        chosen = Options(
            app=options["app"].resolve(),
            state=options["state"].resolve(),
            address=options["host"],
            port=options["port"],
            banner=self.banner(),
        )
        with asyncio.Runner() as runner:
            try:
                is_idle = runner.run(Host(chosen, self.say).run())
            except (Refused, WorkerEnded) as error:
                raise CommandError(str(error)) from None
            if not is_idle:
                self.say("A call didn't end in time and was left behind.")
                shutdown.now(0)

    def say(self, line: str) -> None:
        with suppress(OSError):  # the terminal was closed, or nobody reads any more
            self.stdout.write(line)
            self.stdout.flush()

    def banner(self) -> Callable[[str], Iterable[str]]:
        """With LOCAL=1: where the operator's account is at hand without a password."""
        if not conf.LOCAL:
            return lambda url: ()
        from jobs.localhost import signin

        try:
            path = self._once_the_database_answers(signin.link)
        except (accounts.NoAccount, accounts.NoWayIn) as why:
            sentence = str(why)
            return lambda url: [sentence]
        except KeyboardInterrupt:
            raise CommandError("Stopped before PostgreSQL answered.", returncode=130) from None
        # This thread asks no more: from here on it belongs to the host's event loop.
        connections.close_all()
        return lambda url: [f"Sign in   {url}{path}  (once, within {signin.MINUTES} minutes)"]

    def _once_the_database_answers(self, ask: Callable[[], str]) -> str:
        """What `ask` gives as soon as PostgreSQL answers: it may still be starting, or away for a while."""
        is_waiting = False
        while (found := self._asked(ask, is_waiting)) is None:
            is_waiting = True
            time.sleep(PAUSE)
        if is_waiting:
            self.say("PostgreSQL answers.")
        return found

    def _asked(self, ask: Callable[[], str], is_waiting: bool) -> str | None:
        try:
            return ask()
        except ProgrammingError:
            raise CommandError("The database has no tables yet. Run `manage.py migrate` first.") from None
        except sql.AWAY as error:
            connections.close_all()
            if not is_waiting:
                reason = masking.mask(" ".join(str(error).split()))
                self.say(f"PostgreSQL doesn't answer; waiting for it. Ctrl-C stops it. {reason}")
            return None
