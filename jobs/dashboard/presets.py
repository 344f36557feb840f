"""Presets on the form of Run now: chosen by a link, saved from the form, deleted beside their name."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from jobs import masking
from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard.asked import text
from jobs.dashboard.pages import act, say
from jobs.declarations.job import Job
from jobs.formats import command_line
from jobs.ledger import presets
from jobs.models import Preset
from jobs.models.preset import LONGEST_PRESET_NAME
from jobs.reading import shell
from jobs.sentences import Sentence
from jobs.verbs.preset import delete_preset, save_preset


class NothingStarted(Sentence, ValueError):
    """Nothing was started, since a name to save the arguments under is filled in. Press Save, or empty it to run."""


class NotRight(Sentence, ValueError):
    """The arguments aren't right yet. Correct them, then save them."""


def chosen(request: HttpRequest, job: Job) -> Preset | None:
    """The one that the address names: ?preset=12."""
    number = request.GET.get("preset", "")
    if not number.isdecimal() or len(number) > 18:
        return None
    return Preset.objects.filter(pk=int(number), job=job.name).first()


def is_about_one(request: HttpRequest) -> bool:
    """Whether the form is to save its arguments, or says under which name: Enter there would start a run."""
    return "save" in request.POST or bool(_name(request))


def saved(request: HttpRequest, actor: Actor, job: Job, words: Sequence[str] | None) -> HttpResponse:
    """Save what the form holds, and lead to the form filled with it. Raises a sentence where it isn't saved."""
    if "save" not in request.POST:
        raise NothingStarted
    if words is None:
        raise NotRight
    found = save_preset(actor, job.name, _name(request), words)
    left_out = " The secrets among them are not: the form asks for them each time." if found.words != words else ""
    say(request, f"The arguments are saved as {found.name}.{left_out}")
    return HttpResponseRedirect(f"{reverse('nightshift:run_now', args=[job.name])}?preset={found.pk}")


@act
def delete(request: HttpRequest, actor: Actor, name: str) -> str:
    delete_preset(actor, name, _name(request))
    return f"The preset {_name(request)} is deleted."


def context(request: HttpRequest, actor: Actor, job: Job, error: str) -> dict[str, Any]:
    """What the template needs. One query."""
    may_delete_all = actor.may(Verb.OVERRIDE, job.name)
    return {
        "presets": [
            (each, command_line(masking.hide(job, each.words, shell.MASK)), may_delete_all or each.by == actor.name)
            for each in presets.of_job(job.name)
        ],
        "preset": _name(request),
        "preset_error": error,
        "preset_length": LONGEST_PRESET_NAME,
    }


def _name(request: HttpRequest) -> str:
    return text(request, "preset") if request.method == "POST" else ""
