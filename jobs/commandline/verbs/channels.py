"""`channels`: the ways by which messages about incidents go out. `channel test|on NAME`: try one, switch one on."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from jobs.commandline.ledger import Facts, Ledger, Refusal
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb, each
from jobs.commandline.words import add_format
from jobs.formats import NOTHING, plain, relative

HEADINGS = ("CHANNEL", "KIND", "LEADS TO", "STATE", "LATEST MESSAGE")
NONE = "There are no channels: set JOBS_CHANNELS, ADMINS, or an e-mail address as the jobs' owner."


class Channels(Verb):
    help = (
        "List the channels by which messages about incidents go out: where each leads, whether it is off, and what "
        "its server said last. `channel test NAME` tries one."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_format(parser)

    def handle(self, ledger: Ledger, out: Out, *, format: str, **options: Any) -> None:
        now = ledger.now()
        out.rows(format, ledger.channels(), HEADINGS, lambda channel: _cells(channel, now), NONE)


class Channel(Verb):
    help = (
        "Send a message by a channel that says it is a test, and say what its server answers (test), or send by it "
        "again after it refused for good (on)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=("test", "on"), help="What to do.")
        parser.add_argument(
            "channels", nargs="+", metavar="NAME", help="The channel's name, as `manage.py channels` shows it."
        )

    def handle(self, ledger: Ledger, out: Out, *, act: str, channels: list[str], **options: Any) -> None:
        each(channels, lambda name: _test(ledger, out, name) if act == "test" else _switch_on(ledger, out, name))


def _test(ledger: Ledger, out: Out, name: str) -> None:
    found = ledger.test_channel(name)
    if not found["done"]:
        raise Refusal(plain(found["says"]))
    out.say(plain(found["says"]))


def _switch_on(ledger: Ledger, out: Out, name: str) -> None:
    ledger.switch_channel_on(name)
    out.say(f"Messages go out by the channel {name} again.")


def _cells(channel: Facts, now: datetime) -> tuple[str, ...]:
    off, latest = channel["off"], channel["latest"]
    state = plain(channel["flaw"]) or "on"
    if off:
        state = f"off since {relative(off['since'], now)}: {plain(off['why'])}"
    told = NOTHING
    if latest:
        told = f"{relative(latest['at'], now)}: {plain(latest['answer']) or 'no answer yet'}"
    return (channel["name"], channel["kind"] or NOTHING, channel["leads_to"] or NOTHING, state, told)
