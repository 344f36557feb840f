"""`incident show|acknowledge|snooze|resolve N`: read an incident, and do something about it."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from jobs.commandline.ledger import Facts, Ledger, Refusal
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb, each, ending
from jobs.commandline.words import add_format
from jobs.formats import as_shown, counted, relative
from jobs.reading.advice import ADVICE

ACTS = ("show", "acknowledge", "snooze", "resolve")


def incident_number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise ArgumentTypeError(f"{text!r} is not an incident's number. `manage.py incidents` lists them.")
    return int(text)


class Incident(Verb):
    help = (
        "Show an incident, say that you work on it (acknowledge), have nothing sent about it for a while (snooze), or "
        "say that it is over (resolve)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=ACTS, help="What to do.")
        parser.add_argument(
            "incidents",
            nargs="+",
            type=incident_number,
            metavar="N",
            help="The incident's number, as `manage.py incidents` shows it.",
        )
        parser.add_argument("--note", default="", help="For acknowledge and resolve: a note; it is shown to others.")
        parser.add_argument(
            "--until", help="For snooze: 30m, 2h, 3d, or a time like 2026-01-31T08:00; `now` ends the snooze."
        )
        add_format(parser)

    def handle(
        self,
        ledger: Ledger,
        out: Out,
        *,
        act: str,
        incidents: list[int],
        note: str,
        until: str | None,
        format: str,
        **options: Any,
    ) -> None:
        ends_at = _end(ledger, act, until, note)
        each(incidents, lambda id: _do(ledger, out, act, id, note, ends_at, format))


def _end(ledger: Ledger, act: str, until: str | None, note: str) -> datetime | None:
    """When a snooze ends; None for now. Raises Refusal."""
    if act != "snooze" and until is not None:
        raise Refusal(f"--until is for snooze: leave it out to {act} an incident.")
    if act in {"snooze", "show"} and note:
        raise Refusal("--note is for acknowledge and resolve: leave it out.")
    if act != "snooze" or until == "now":
        return None
    if until is None:
        raise Refusal("Say until when: --until 2h, or --until now to end the snooze.")
    return ending(ledger, None, "--until", until)


def _do(ledger: Ledger, out: Out, act: str, id: int, note: str, until: datetime | None, format: str) -> None:
    match act:
        case "show" if format == "json":
            out.json(ledger.incident(id))
        case "show":
            for line in _told(ledger, ledger.incident(id)):
                out.say(line)
        case "acknowledge":
            ledger.acknowledge(id, note)
            out.say(f"You work on incident {id}.")
        case "snooze":
            ledger.snooze(id, until)
            when = f"until {_at(ledger, until)}" if until else "again from now on"
            out.say(f"{'Nothing is sent' if until else 'Messages are sent'} about incident {id} {when}.")
        case "resolve":
            ledger.resolve(id, note)
            out.say(f"Incident {id} is resolved.")


def _told(ledger: Ledger, found: Facts) -> Iterator[str]:
    """What is wrong, since when, how bad, who works on it, what to do, and what happened."""
    yield f"Incident {found['id']} of {found['job'] or 'Nightshift itself'}: {found['severity']}, {found['cause']}."
    yield as_shown(found["detail"])
    if found["error"]:
        yield as_shown(found["error"])
    times = f", found {counted(found['count'], 'time')}" if found["count"] > 1 else ""
    yield f"It began {_at(ledger, found['opened_at'])}, {relative(found['opened_at'], ledger.now())}{times}."
    yield _who(ledger, found)
    if not found["resolved_at"]:
        yield f"What to do: {ADVICE[found['cause']]}"
    for name in ("runbook", "owner"):
        if found[name]:
            yield f"{name.capitalize()}: {found[name]}"
    if found["last_run"]:
        yield f"Latest run: {found['last_run']}. `{ledger.program} output {found['last_run']}` shows what it wrote."
    for moment in found["moments"]:
        run = f"Run {moment['run']} " if moment["run"] else ""
        status = f"{moment['status']}: " if moment["status"] else ""
        yield f"  {_at(ledger, moment['at'])}  {run}{status}{as_shown(moment['text'])}"
    for told in found["deliveries"]:
        yield f"  {_at(ledger, told['at'])}  {told['kind'].capitalize()}, to {told['channel']}: {_delivered(told)}."


def _delivered(told: Facts) -> str:
    """What became of a message."""
    if told["delivered_at"]:
        return "delivered"
    if told["given_up_at"]:
        return f"not sent, {as_shown(told['why']).rstrip('.')}"
    return f"waits: {as_shown(told['silenced'] or told['answer']).rstrip('.')}" if told["attempts"] else "waits"


def _who(ledger: Ledger, found: Facts) -> str:
    if found["resolved_at"]:
        by = f" by {found['resolved_by']}" if found["resolved_by"] else ""
        return f"It ended {_at(ledger, found['resolved_at'])}: {found['resolution']}{by}."
    snoozed = f" Snoozed until {_at(ledger, found['snoozed_until'])}." if found["snoozed_until"] else ""
    if not found["acknowledged_at"]:
        return f"Nobody works on it yet.{snoozed}"
    note = f": {as_shown(found['acknowledged_note'])}" if found["acknowledged_note"] else "."
    return f"{found['acknowledged_by']} works on it since {_at(ledger, found['acknowledged_at'])}{note}{snoozed}"


def _at(ledger: Ledger, moment: datetime) -> str:
    return f"{moment.astimezone(ledger.now().tzinfo):%Y-%m-%d %H:%M %Z}"
