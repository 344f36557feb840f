"""Notes: what a person writes down about a run, a job or a day, for whoever looks there later."""

from datetime import date

from jobs.choices import EventKind
from jobs.ledger import events
from jobs.ledger.retrying import UnknownRun
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Note, Run
from jobs.models.note import LONGEST_NOTE
from jobs.sentences import Sentence


class NoText(Sentence, ValueError):
    """The note has no text. Write what others should know."""


class TooLong(Sentence, ValueError):
    """The note has {length:,} characters. Write {most:,} at most."""

    def __init__(self, length: int) -> None:
        super().__init__(length=length, most=LONGEST_NOTE)


def about_run(run_id: int, text: str, *, by: str) -> Note:
    """Raises UnknownRun, NoText or TooLong."""
    run = Run.objects.filter(pk=run_id).only("job").first()
    if run is None:
        raise UnknownRun(run_id)
    return _write(Note(run_id=run_id, job=run.job, by=by, text=text), f"run {run_id} of {run.job}")


def about_job(job: str, text: str, *, by: str) -> Note:
    """Raises NoText or TooLong."""
    return _write(Note(job=job, by=by, text=text), job)


def about_day(day: date, text: str, *, by: str, job: str = "") -> Note:
    """Of all jobs unless one is given. The day is one in UTC. Raises NoText or TooLong."""
    return _write(Note(day=day, job=job, by=by, text=text), f"{day}{f', {job}' if job else ''}")


def _write(note: Note, what: str) -> Note:
    note.text = note.text.strip()
    if not note.text:
        raise NoText
    if len(note.text) > LONGEST_NOTE:
        raise TooLong(len(note.text))
    with ledger_transaction():
        note.save(force_insert=True)
        message = f"{note.by} wrote a note about {what}."
        events.record(EventKind.NOTED, message, job=note.job, run_id=note.run_id, by=note.by, after={"note": note.pk})
    return note
