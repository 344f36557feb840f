"""Write down what others should know of a run or a job."""

from datetime import date

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.declarations.registry import registry
from jobs.ledger import notes
from jobs.models import Note
from jobs.verbs.acting import acting, acting_everywhere, run_of


def note_on_run(actor: Actor, run_id: int, text: str) -> Note:
    """Raises UnknownRun, Refused, NoText or TooLong."""
    run = run_of(actor, Verb.RUN, run_id)
    with acting(actor, Verb.RUN, run.job):
        return notes.about_run(run_id, text, by=actor.name)


def note_on_job(actor: Actor, job: str, text: str) -> Note:
    """Raises Unseen, Refused, UnknownJob, NoText or TooLong."""
    with acting(actor, Verb.RUN, job):
        return notes.about_job(registry[job].name, text, by=actor.name)


def note_on_day(actor: Actor, day: date, text: str) -> Note:
    """Of all jobs, on a day in UTC. Raises Refused, NoText or TooLong."""
    with acting_everywhere(actor, Verb.RUN):
        return notes.about_day(day, text, by=actor.name)
