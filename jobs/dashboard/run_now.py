"""Run now: a form over what the job's command takes, what it equals elsewhere, and what will happen."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from jobs import masking
from jobs.access.actor import Actor
from jobs.choices import Status, Verb
from jobs.dashboard import presets
from jobs.dashboard.pages import Context, act, page, problem, say, show
from jobs.dashboard.sent_twice import again, once_a_form
from jobs.dashboard.start_form import Asked, asked
from jobs.declarations.job import Job
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import registry
from jobs.formats import command_line
from jobs.ledger import in_force, overrides
from jobs.ledger.in_force import InForce
from jobs.models import Run
from jobs.reading import shell
from jobs.reading.starting import last_used, what_will_happen
from jobs.sentences import Sentence
from jobs.verbs.note import note_on_run
from jobs.verbs.start import Started, Unconfirmed, start

TEMPLATE = "run_now.html"
UNLOADABLE = "Its parameters can't be read"


class Basis(NamedTuple):
    """What the form is filled with, and what that is called. `run` had these words, or they are of a `preset`."""

    words: Sequence[str]
    called: str
    run: int | None = None
    preset: int | None = None


def run_now(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET shows the form and runs nothing, POST starts a run or checks what is filled in."""
    return do_run_now(request, name) if request.method == "POST" else ask(request, name)


@page(TEMPLATE)
def ask(request: HttpRequest, actor: Actor, name: str) -> Context | HttpResponse:
    actor.require(Verb.RUN, name)
    job, current = _job(name)
    basis = _basis(request, job)
    try:
        found = asked(request, job, basis.words, basis.called)
    except (UnknownCommand, BrokenCommand) as error:
        return problem(request, actor, 409, UNLOADABLE, str(error))
    return _context(request, job, current, basis, found) | presets.context(request, actor, job, "")


@act
def do_run_now(request: HttpRequest, actor: Actor, name: str) -> HttpResponse:
    if not actor.may(Verb.RUN, name):
        start(actor, name)  # refuses, and leaves an event
    job, current = _job(name)
    basis = _basis(request, job)
    found = asked(request, job, basis.words, basis.called)
    preset_error = ""
    if "check" in request.POST:
        pass  # it only says what would be
    elif presets.is_about_one(request):
        try:
            return presets.saved(request, actor, job, found.words)
        except (Sentence, InvalidArguments) as error:
            preset_error = str(error)
    elif found.is_valid:
        try:
            run, replayed = _start(actor, name, words_to_run(found, basis), found)
        except (Unconfirmed, InvalidArguments, UnknownCommand, BrokenCommand) as error:
            show_at_its_field(found, error)
        else:
            return again(request, run) if replayed else started(request, actor, run, found)
    context = _context(request, job, current, basis, found) | presets.context(request, actor, job, preset_error)
    return show(request, actor, TEMPLATE, context)


def _start(actor: Actor, job: str, words: list[str] | None, found: Asked) -> Started:
    asked_for: dict[str, Any] = {
        "not_before": found.how.given("at"),
        "confirm": found.how.given("confirm") or "",
        "labels": found.how.given("labels") or (),
        "despite_hold": bool(found.how.given("despite_hold")),
    }
    return once_a_form(
        actor,
        found.how.given("key") or "",
        {"job": job, "words": words, **asked_for},
        lambda key: start(actor, job, words, key=key, **asked_for),
    )


def started(request: HttpRequest, actor: Actor, run: Run, found: Asked) -> HttpResponse:
    """Lead on to the run."""
    if note := found.how.given("note"):
        note_on_run(actor, run.pk, note)
    skipped = run.status == Status.SKIPPED
    ends = f"was skipped. {run.error}" if skipped else "is queued."
    say(request, f"Run {run.pk} of {run.job} {ends}", went_wrong=skipped)
    return HttpResponseRedirect(reverse("nightshift:run", args=[run.pk]))


def show_at_its_field(found: Asked, error: Exception) -> None:
    """What the verb said, once the form itself had found nothing wrong."""
    if isinstance(error, Unconfirmed):
        found.how.add_error("confirm", str(error))
    else:
        found.arguments.add_sentence(str(error))


def words_to_run(found: Asked, basis: Basis) -> list[str] | None:
    """None where the run is to have the words that it has anyway, declared or overridden."""
    is_declared = basis.run is None and basis.preset is None
    return None if found.sent.is_as_filled and is_declared else found.words


def _job(name: str) -> tuple[Job, InForce]:
    """The job as an override has it, and what is in force."""
    current = in_force.by_job([name]).get(name, InForce())
    return overrides.applied(registry[name], current.override), current


def _basis(request: HttpRequest, job: Job) -> Basis:
    """The declared words, or those of the run or the preset that the address names: ?like=4711, ?preset=12."""
    like = request.GET.get("like", "")
    if like.isdecimal() and len(like) <= 18 and (run := Run.objects.filter(pk=int(like), job=job.name).first()):
        return Basis(run.arguments, f"as in run {run.pk}", run.pk)
    if preset := presets.chosen(request, job):
        return Basis(preset.words, f"as saved in {preset.name}", preset=preset.pk)
    is_declared = job.arguments == registry[job.name].arguments
    return Basis(job.arguments, "as declared" if is_declared else "as overridden")


def _context(request: HttpRequest, job: Job, current: InForce, basis: Basis, found: Asked) -> Context:
    words = words_to_run(found, basis) if found.words is not None else None
    at, labels, despite = (found.how.given(name) for name in ("at", "labels", "despite_hold"))
    options = ["--at", f"{at:%Y-%m-%dT%H:%M:%S%z}"] if at else []
    options += [word for label in labels or () for word in ("--label", label)]
    options += ["--confirm", job.confirm] if job.confirm else []
    options += ["--despite-hold"] if despite else []
    address = request.build_absolute_uri(f"/api/v1/jobs/{job.name}/runs/")
    return {
        "title": f"Run {job.name}",
        "at": "jobs",
        "job": job,
        "basis": basis,
        "here": reverse("nightshift:run_now", args=[job.name]),
        "arguments": found.arguments,
        "how": found.how,
        "used": [(each, shown_words(job, each.words)) for each in last_used(job)],
        "declared": shown_words(job, job.arguments),
        "equals": None
        if found.words is None
        else {
            "command": shell.command_line(job, found.words),
            "run": shell.run_line(job, words, options=options),
            "api": shell.api_call(address, job, words, at, labels or (), bool(despite)),
        },
        "wrong": problems(found),
        "changes": found.sent.changes(),
        "will": what_will_happen(job, current, is_for_later=bool(at)),
    }


def problems(found: Asked) -> list[str]:
    """What is wrong, in the order of the fields."""
    forms = [found.sent, *([found.how] if found.how.is_bound else [])]
    return list(dict.fromkeys(str(error) for form in forms for errors in form.errors.values() for error in errors))


def shown_words(job: Job, words: Sequence[str]) -> str:
    return command_line(masking.hide(job, words, shell.MASK)) or "no arguments"
