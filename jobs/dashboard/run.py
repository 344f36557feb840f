"""A run: what became of it, its attempts, and the end of what it wrote."""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import ENDED, Verb
from jobs.dashboard.pages import Context, act, page
from jobs.formats import command_line, size
from jobs.models import Attempt, Run
from jobs.reading.overview import visible_arguments
from jobs.reading.terminal_text import segments
from jobs.reading.transcript import OutputDeleted, UnknownRun, ending
from jobs.verbs.cancel import cancel

# How much of the latest attempt's output a page shows, in bytes.
SHOWN = 32 * 1024


@page("run.html", every=5)
def run(request: HttpRequest, actor: Actor, pk: int) -> Context:
    found = Run.objects.filter(pk=pk).first()
    if found is None or not actor.may(Verb.VIEW, found.job):
        raise UnknownRun(pk)
    attempts = list(Attempt.objects.filter(run=pk).order_by("number"))
    return {
        "title": f"Run {pk}",
        "at": "runs",
        "every": None if found.status in ENDED else 5,
        "says": f"Run {pk}: {found.get_status_display()}",
        "run": found,
        "arguments": command_line(visible_arguments(found)),
        "attempts": attempts,
        "may_cancel": found.status not in ENDED and actor.may(Verb.CANCEL, found.job),
        "may_read": actor.may(Verb.OUTPUT, found.job),
    } | (_output(attempts[-1]) if attempts and actor.may(Verb.OUTPUT, found.job) else {})


def _output(attempt: Attempt) -> Context:
    """The end of what it wrote, and a sentence on the rest."""
    if attempt.output_deleted_at is not None:
        return {"output_note": str(OutputDeleted(attempt))}
    text = ending(attempt, SHOWN)
    cut = attempt.output_bytes > SHOWN
    rest = f"The last {size(SHOWN)} of {size(attempt.output_bytes)}." if cut else "" if text else "It wrote nothing."
    return {"output": list(segments(text)) if text else [], "output_note": rest}


@act
def do_with_a_run(request: HttpRequest, actor: Actor, pk: int) -> str:
    """The button that ends it."""
    status = cancel(actor, pk)
    if status is None:
        return f"Run {pk} had ended already."
    return f"Run {pk} is cancelled." if status in ENDED else f"Run {pk} is asked to end."
