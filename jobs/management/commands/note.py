"""`manage.py note RUN|JOB|DAY TEXT`: write down what others should know, or read it."""

from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.declarations.registry import UnknownJob, registry
from jobs.formats import as_shown
from jobs.ledger import notes
from jobs.management.ledger_command import LedgerCommand
from jobs.management.operator import operator
from jobs.models import Note
from jobs.reading import notes as reading
from jobs.reading.transcript import UnknownRun
from jobs.verbs.note import note_on_day, note_on_job, note_on_run


class Command(LedgerCommand):
    help = (
        "Write a note about a run, a job or a day, for whoever looks there later. Without TEXT: show its notes. "
        "Nobody can change a note."
    )
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "subject", metavar="RUN|JOB|DAY", help="A run's number, a job's name, or a day: 2026-01-31."
        )
        parser.add_argument("text", nargs="*", metavar="TEXT", help="The note, up to 1,000 characters.")

    def handle(self, *, subject: str, text: list[str], **options: Any) -> None:
        try:
            if text:
                self.stdout.write(f"Noted about {_write(subject, ' '.join(text))}.")
            else:
                self._show(subject)
        except (UnknownJob, UnknownRun, notes.NoText, notes.TooLong) as error:
            raise CommandError(str(error)) from None

    def _show(self, subject: str) -> None:
        found = _read(subject)
        if not found:
            self.stdout.write(f"No notes about {subject}.")
        for note in found:
            about = f" (run {note.run_id})" if note.run_id and not subject.isdecimal() else ""
            self.stdout.write(
                f"{timezone.localtime(note.at):%Y-%m-%d %H:%M %Z} {note.by}{about}: {as_shown(note.text)}"
            )


def _write(subject: str, text: str) -> str:
    actor = Actor.of_shell(operator())
    if subject.isdecimal() and len(subject) <= 18:
        note_on_run(actor, int(subject), text)
        return f"run {subject}"
    if day := _day(subject):
        note_on_day(actor, day, text)
        return subject
    note_on_job(actor, subject, text)
    return subject


def _read(subject: str) -> list[Note]:
    if subject.isdecimal() and len(subject) <= 18:
        return reading.of_run(int(subject))
    if day := _day(subject):
        return reading.of_day(day)
    found = reading.of_job(subject)
    if not found:
        registry[subject]
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.count("-") == 2 else None
    except ValueError:
        return None
