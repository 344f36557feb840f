"""`hold --reason WHY`: let nothing start by itself, until `hold --end`."""

from argparse import ArgumentParser
from typing import Any

from jobs.commandline.gaps import HEADINGS, cells
from jobs.commandline.ledger import Facts, Ledger, Refusal
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb, ending
from jobs.formats import counted


class Hold(Verb):
    help = (
        "Hold everything: no job starts by itself, and what is queued waits. Runs that a person starts still run, "
        "unless --all-starts is given. --end ends it, and lists what it swallowed. Without options: show the hold."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", help="The reason; it is shown to others.")
        parser.add_argument("--until", help="30m, 2h, 3d, or a time like 2026-01-31T02:00. Default: until you end it.")
        parser.add_argument("--all-starts", action="store_true", help="Hold also what people and programs ask for.")
        parser.add_argument("--end", action="store_true", help="End the hold.")

    def handle(
        self,
        ledger: Ledger,
        out: Out,
        *,
        reason: str | None,
        until: str | None,
        all_starts: bool,
        end: bool,
        **options: Any,
    ) -> None:
        if end:
            held = ledger.end_hold()
            out.say("The hold is ended: jobs start by themselves again.")
            _show_swallowed(ledger, out, held)
        elif reason is not None:
            _show(ledger, out, ledger.begin_hold(reason, ending(ledger, None, "--until", until), all_starts))
        elif until or all_starts:
            raise Refusal("Give the --reason: others see it while nothing starts.")
        else:
            _show(ledger, out, ledger.hold())


def _show(ledger: Ledger, out: Out, held: Facts) -> None:
    if not held["is_held"]:
        out.say("Nothing is held.")
    else:
        zone = ledger.now().tzinfo
        until = f" until {held['until'].astimezone(zone):%Y-%m-%d %H:%M %Z}" if held["until"] else ""
        what = "nothing starts" if held["all_starts"] else "nothing starts by itself"
        out.say(f"Everything is held by {held['by']}{until}, {what}: {held['reason']}")
    _show_swallowed(ledger, out, held)


def _show_swallowed(ledger: Ledger, out: Out, held: Facts) -> None:
    """What has no run because of the hold, and hasn't been run since."""
    gaps = held["swallowed"]
    if not gaps:
        return
    number = sum(gap["count"] for gap in gaps)
    out.say(
        f"{counted(number, 'occurrence')} had no run for it. `{ledger.program} missed JOB --gap N` runs those of a gap:"
    )
    out.table(HEADINGS, [cells(ledger, gap) for gap in gaps])
