"""`audit`: who did what, by which door, and what was refused."""

import json
import shutil
import textwrap
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from jobs.choices import Door, EventKind
from jobs.commandline.ledger import Facts, Filter, Ledger, Refusal
from jobs.commandline.moments import UnreadablePast, past
from jobs.commandline.out import DEFAULT_WIDTH, Colour, Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format, row_number, whole_number
from jobs.formats import counted, plain

INDENT = "    "
WHEN = "a time, 2026-01-31T02:00, a time of day, 02:00, or a time ago, 30m, 2h, 3d"


class Audit(Verb):
    help = (
        "Show who did what, when, by which door and from where, with the reason and what changed; and what was "
        "refused. The newest comes first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", nargs="?", metavar="JOB", help="Only what concerns this job.")
        parser.add_argument("--by", default="", metavar="WHO", help="Only what this person or program did.")
        parser.add_argument(
            "--kind",
            default="",
            choices=EventKind.values,
            metavar="KIND",
            help=f"Only events of this kind, also those that no door was used for: {', '.join(EventKind.values)}.",
        )
        parser.add_argument("--door", default="", choices=Door.values, help="Only what came by this door.")
        parser.add_argument("--run", type=row_number, metavar="RUN", help="Only what concerns this run.")
        parser.add_argument("--since", metavar="WHEN", help=f"Only from this time on: {WHEN}.")
        parser.add_argument("--until", metavar="WHEN", help="Only before this time.")
        parser.add_argument(
            "--limit", type=whole_number("events", 10_000), default=20, help="How many (default: %(default)s)."
        )
        add_format(parser)

    def handle(self, ledger: Ledger, out: Out, *, limit: int, format: str, **options: Any) -> None:
        now = ledger.now()
        which = Filter(
            job=options["job"] or "",
            since=_moment("--since", options["since"], now),
            until=_moment("--until", options["until"], now),
            **{name: options[name] for name in ("by", "kind", "door", "run")},
        )
        found, has_older = ledger.audit(which, limit)
        if format == "json":
            out.json(found)
        elif not found:
            out.say("No such events.")
        for event in found if format != "json" else ():
            _show(out, event, now)
        if has_older:
            out.remark("Only the newest 10,000 events were looked at. --until looks further back.")


def _moment(option: str, text: str | None, now: datetime) -> datetime | None:
    try:
        return past(text, now) if text else None
    except UnreadablePast as error:
        raise Refusal(f"{option}: {error}") from None


def _show(out: Out, event: Facts, now: datetime) -> None:
    width = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
    at = f"{event['at'].astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S %Z}"
    colour = Colour.RED if event["kind"] == EventKind.REFUSED else Colour.CYAN
    out.say("  ".join([at, event["kind"], event["by"] or "by itself", *_way(event)]), colour)
    for line in _lines(event):
        out.say(textwrap.fill(plain(line), width, initial_indent=INDENT, subsequent_indent=INDENT * 2))


def _way(event: Facts) -> Iterator[str]:
    """By which door, and from where."""
    if event["door"]:
        address = f" from {event['address']}" if event["address"] else ""
        token = f" with the token {event['token']!r}" if event["token"] else ""
        yield f"{event['door']}{address}{token}"


def _lines(event: Facts) -> Iterator[str]:
    often = f" ({counted(event['count'], 'time')} within the hour)" if event["count"] > 1 else ""
    yield event["message"] + often
    # Most messages end with it.
    if event["reason"] and event["reason"] not in event["message"]:
        yield f"Reason: {event['reason']}"
    before, after = event["before"], event["after"]
    if isinstance(before, dict) and isinstance(after, dict):
        for name in [*before, *(name for name in after if name not in before)]:
            if before.get(name) != after.get(name):
                yield f"{name}: {_value(before.get(name))} → {_value(after.get(name))}"
        return
    said = event["reason"]
    for word, facts in (("Before", before), ("After", after)):
        if isinstance(facts, dict):
            facts = {name: value for name, value in facts.items() if value is not None and value != said}
        if facts:
            yield f"{word}: {_value(facts)}"


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
