"""A form that is sent twice starts one run: two clicks are two requests."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from jobs.access.actor import Actor
from jobs.dashboard.pages import say
from jobs.ledger.idempotency import Key, StillAtWork
from jobs.models import Run
from jobs.sentences import Sentence
from jobs.verbs.retry import retry
from jobs.verbs.start import Started, once

LONGEST_KEY = 64


class StillStarting(Sentence, ValueError):
    """This form is starting a run already. The list of runs shows it in a moment."""


def once_a_form(actor: Actor, form: str, asked: dict[str, Any], begin: Callable[[Key | None], Run]) -> Started:
    """What `begin` starts, once for this key of a form and what is asked by it; without a key each time.

    Changed and sent again, as after a step back, the form starts another run. Raises StillStarting, and what `begin`
    raises.
    """
    if not form:
        return once(actor, None, begin)
    named = Key.of(f"page/{actor.name}", form[:LONGEST_KEY], asked)
    try:
        return once(actor, replace(named, key=f"{named.key}/{named.request}"), begin)
    except StillAtWork:
        raise StillStarting from None


def retry_once(actor: Actor, run: int, words: Sequence[str] | None, confirm: str, form: str) -> Started:
    asked = {"retry_of": run, "words": words, "confirm": confirm}
    return once_a_form(actor, form, asked, lambda key: retry(actor, run, words, confirm=confirm, key=key))


def again(request: HttpRequest, run: Run) -> HttpResponse:
    say(request, f"This form had started run {run.pk} already. Open it again to start another one.")
    return HttpResponseRedirect(reverse("nightshift:run", args=[run.pk]))
