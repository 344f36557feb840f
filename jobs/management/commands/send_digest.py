"""`manage.py send_digest`: one message about what went wrong lately, and what still is."""

import os
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from jobs.alerts import digests, routes
from jobs.alerts.channels import BadChannel, Channel, channel_of
from jobs.alerts.messages.digest import message
from jobs.conf import conf
from jobs.ledger import states
from jobs.management.ledger_command import LedgerCommand
from jobs.management.printing import whole_number

PATIENCE = timedelta(minutes=1)


class Command(LedgerCommand):
    help = (
        "Send one message about the last day: what failed, was missed or recovered, what is open now, and which jobs "
        "have been paused for long. Declared as a job it is a daily digest. Without --channel it is sent by e-mail to "
        "ADMINS, else to MANAGERS. The exit code is 1 if it can't be sent, so that the job's retries send it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--channel", help="The channel of JOBS_CHANNELS to send it by.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--hours", type=whole_number("hours", 24 * 366), default=24, help="How far back (default: %(default)s)."
        )
        what.add_argument(
            "--broken-for",
            type=whole_number("days", 366),
            metavar="DAYS",
            help="Tell only what has been open for this many days, for a weekly job.",
        )
        parser.add_argument("--quiet-if-nothing", action="store_true", help="Send nothing if there is nothing to tell.")

    def handle(
        self, *, channel: str | None, hours: int, broken_for: int | None, quiet_if_nothing: bool, **options: Any
    ) -> None:
        now = states.clock()
        if broken_for is None:
            digest = digests.of_the_last(timedelta(hours=hours), now)
        else:
            digest = digests.broken_for(timedelta(days=broken_for), now)
        way = _channel(channel)
        if quiet_if_nothing and not digest.sections:
            self.stdout.write(f"{digest.title}. Nothing was sent.")
            return
        # The same over a run's retries: of an e-mail that arrives twice, one is shown.
        key = f"nightshift-digest-{os.environ.get('JOBS_RUN') or f'{now:%Y%m%dT%H%M%S}'}"
        answer = way.send(message(key, digest), delivery_id=key, timeout=PATIENCE)
        if not answer.done:
            raise CommandError(f"{way.shown()} didn't take the digest: {answer.text}")
        self.stdout.write(f"{digest.title}. Sent by {way.shown()}: {answer.text}")


def _channel(name: str | None) -> Channel:
    """Raises CommandError where there is none, or it can't be used."""
    if name is None:
        name = routes.site()
        if not name:
            raise CommandError("Nobody is to get it: set ADMINS, or name a channel of JOBS_CHANNELS with --channel.")
        config = routes.config(name)
    else:
        config = conf.JOBS_CHANNELS.get(name)
    if config is None:
        known = ", ".join(conf.JOBS_CHANNELS) or "none"
        raise CommandError(f"JOBS_CHANNELS has no channel {name!r}. It has: {known}.")
    if config.get("kind") == "pagerduty":
        raise CommandError(f"Channel {name!r} is PagerDuty, where a digest would be an incident. Name another one.")
    try:
        return channel_of(name, config)
    except BadChannel as bad:
        raise CommandError(str(bad)) from None
