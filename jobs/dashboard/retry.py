"""Retry with changes: the form of Run now, filled with what an ended run had."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from jobs.access.actor import Actor
from jobs.choices import ENDED, Verb
from jobs.dashboard.pages import Context, act, page, problem, show
from jobs.dashboard.run_now import UNLOADABLE, problems, show_at_its_field, shown_words, started
from jobs.dashboard.sent_twice import again, retry_once
from jobs.dashboard.start_form import Asked, asked
from jobs.declarations.job import Job
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import registry
from jobs.ledger import in_force
from jobs.ledger.in_force import InForce
from jobs.ledger.retrying import StillActive
from jobs.models import Run
from jobs.reading import seen, shell
from jobs.reading.starting import what_will_happen
from jobs.verbs import retry as verbs
from jobs.verbs.acting import run_of
from jobs.verbs.start import Unconfirmed

TEMPLATE = "retry.html"


def retry(request: HttpRequest, pk: int) -> HttpResponseBase:
    """GET shows the form and runs nothing, POST retries or checks what is filled in."""
    return do_retry(request, pk) if request.method == "POST" else ask(request, pk)


@page(TEMPLATE)
def ask(request: HttpRequest, actor: Actor, pk: int) -> Context | HttpResponse:
    run = seen.run_of(actor, pk, Verb.RUN)
    if run.status not in ENDED:
        return problem(request, actor, 409, "It has not ended yet", str(StillActive(run)))
    job = registry[run.job]
    try:
        found = _asked(request, job, run)
    except (UnknownCommand, BrokenCommand) as error:
        return problem(request, actor, 409, UNLOADABLE, str(error))
    return _context(job, run, found)


@act
def do_retry(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    run = run_of(actor, Verb.RUN, pk)
    if not actor.may(Verb.RUN, run.job):
        verbs.retry(actor, pk)  # refuses, and leaves an event
    job = registry[run.job]
    found = _asked(request, job, run)
    if found.is_valid and "check" not in request.POST:
        try:
            new, replayed = retry_once(
                actor, pk, _words(found, run), found.how.given("confirm") or "", found.how.given("key") or ""
            )
        except (Unconfirmed, InvalidArguments, UnknownCommand, BrokenCommand) as error:
            show_at_its_field(found, error)
        else:
            return again(request, new) if replayed else started(request, actor, new, found)
    return show(request, actor, TEMPLATE, _context(job, run, found))


def _asked(request: HttpRequest, job: Job, run: Run) -> Asked:
    return asked(request, job, run.arguments, f"as in run {run.pk}", retry=True)


def _words(found: Asked, run: Run) -> list[str] | None:
    """None where they are those of the run: it has them byte for byte."""
    return None if found.sent.is_as_filled else found.words


def _context(job: Job, run: Run, found: Asked) -> Context:
    current = in_force.by_job([job.name]).get(job.name, InForce())
    return {
        "title": f"Retry run {run.pk}",
        "at": "runs",
        "job": job,
        "run": run,
        "arguments": found.arguments,
        "how": found.how,
        "before": shown_words(job, run.arguments),
        "after": None if found.words is None else shown_words(job, found.words),
        "equals": None
        if found.words is None
        else {
            "command": shell.command_line(job, found.words),
            "run": shell.retry_line(job, run.pk, _words(found, run)),
        },
        "wrong": problems(found),
        "changes": found.sent.changes(),
        "will": what_will_happen(job, current),
    }
