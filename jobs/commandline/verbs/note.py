"""`note RUN|JOB|DAY TEXT`: write down what others should know, or read it."""

from argparse import ArgumentParser
from typing import Any

from jobs.commandline.ledger import Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.formats import as_shown


class Note(Verb):
    help = (
        "Write a note about a run, a job or a day, for whoever looks there later. Without TEXT: show its notes. "
        "Nobody can change a note."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "subject", metavar="RUN|JOB|DAY", help="A run's number, a job's name, or a day: 2026-01-31."
        )
        parser.add_argument("text", nargs="*", metavar="TEXT", help="The note, up to 1,000 characters.")

    def handle(self, ledger: Ledger, out: Out, *, subject: str, text: list[str], **options: Any) -> None:
        is_run = subject.isdecimal() and len(subject) <= 18
        if text:
            ledger.note(int(subject) if is_run else subject, " ".join(text))
            out.say(f"Noted about {'run ' if is_run else ''}{subject}.")
            return
        found = ledger.notes(int(subject) if is_run else subject)
        if not found:
            out.say(f"No notes about {subject}.")
        zone = ledger.now().tzinfo
        for note in found:
            about = f" (run {note['run']})" if note["run"] and not is_run else ""
            at = f"{note['at'].astimezone(zone):%Y-%m-%d %H:%M %Z}"
            out.say(f"{at} {note['by']}{about}: {as_shown(note['text'])}")
