"""How a page is answered: for whom, under which policy, and with 304 while nothing in the ledger has changed."""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_safe

from jobs.access.actor import Actor, Refused, Unseen
from jobs.choices import Verb
from jobs.dashboard import preferences
from jobs.dashboard.actor import actor_of
from jobs.dashboard.engine import rendered
from jobs.declarations.registry import UnknownJob
from jobs.ledger.incident_acts import UnknownIncident
from jobs.ledger.selections import REFUSALS
from jobs.reading.freshness import ledger_version
from jobs.reading.transcript import UnknownAttempt, UnknownRun
from jobs.sentences import Sentence

type Context = dict[str, Any]
# Nothing from elsewhere; no script and no style stands in a page. It also holds beside a project that has no policy.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "connect-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Vary": "Cookie",
}
# By this header the script says that it asks again for a page that is shown.
POLL = "X-Nightshift-Poll"
SAID = "nightshift.said"
NO_GRANT = "{name} has no grant here. Ask an administrator for one, such as the role viewer for all jobs."
NOT_THERE = (Unseen, UnknownRun, UnknownAttempt, UnknownJob, UnknownIncident)


def page[**P](
    template: str, *, every: int | None = None, part: str = ""
) -> Callable[
    [Callable[Concatenate[HttpRequest, Actor, P], Context | HttpResponse]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """A view that gives its template's context, for people who have signed in and may see something.

    `every` is how often, in seconds, the script asks whether the page has changed. What may not be seen raises Unseen
    or UnknownRun, and is a 404. A view may also answer itself. `part` is the template of the part that the script asks
    for by itself; the context has the `part_tag` of that.
    """

    def decorate(
        view: Callable[Concatenate[HttpRequest, Actor, P], Context | HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            def shown(actor: Actor) -> HttpResponse:
                tag = _tag(request, actor) if every else ""
                if tag and _has(request, tag):
                    return HttpResponse(status=304, headers=HEADERS)
                found = view(request, actor, *args, **kwargs)
                if isinstance(found, HttpResponse):
                    return found
                context = {"every": every, "tag": tag} | found
                if part and POLL in request.headers:
                    return _part(request, part, context)
                return show(request, actor, template, context)

            return _for_people(request, shown)

        return csrf_protect(require_safe(answer))

    return decorate


def download[**P](
    view: Callable[Concatenate[HttpRequest, Actor, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view that answers with something else than a page, to the same people and with the same refusals."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return _for_people(request, lambda actor: view(request, actor, *args, **kwargs))

    return require_safe(answer)


def _for_people(request: HttpRequest, answer: Callable[[Actor], HttpResponseBase]) -> HttpResponseBase:
    """The answer, for whom has signed in and may see something; or a page that says why there is none."""
    actor = actor_of(request)
    if not actor.name:
        return _to_sign_in(request)
    if actor.sees_nothing():
        return problem(request, actor, 403, "Nothing to see yet", NO_GRANT.format(name=actor.name))
    try:
        return answer(actor)
    except NOT_THERE as error:
        return problem(request, actor, 404, "Not found", str(error))
    except Refused as error:
        return problem(request, actor, 403, "Not allowed", str(error))
    except Sentence as error:
        return problem(request, actor, 400, "This can't be shown", str(error))


def _has(request: HttpRequest, tag: str) -> bool:
    """Whether the script that asks shows just this."""
    return POLL in request.headers and request.headers.get("If-None-Match") == tag


def _part(request: HttpRequest, template: str, context: Context) -> HttpResponse:
    """Only the part of the page that changes: a second's output needs no layout."""
    if _has(request, context["part_tag"]):
        return HttpResponse(status=304, headers=HEADERS)
    known = {"preferences": preferences.of(request), "now": timezone.now()}
    return HttpResponse(rendered(f"nightshift/{template}", known | context), headers=HEADERS)


def act[**P](
    view: Callable[Concatenate[HttpRequest, Actor, P], str | tuple[str, str] | HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A view that does what a form asks for, by a verb, and gives the sentence that the next page begins with.

    What a verb raises as a sentence is said there too. It leads back to the form's field `next`, or to the overview;
    or to the page that the view gives beside the sentence. A view may also answer itself: with its form, and what is
    wrong in it.
    """

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        actor = actor_of(request)
        if not actor.name:
            return _to_sign_in(request)
        path = next_of(request)
        try:
            done = view(request, actor, *args, **kwargs)
            if isinstance(done, HttpResponse):
                return done
            sentence, path = done if isinstance(done, tuple) else (done, path)
            say(request, sentence)
        except NOT_THERE as error:
            return problem(request, actor, 404, "Not found", str(error))
        except Refused as error:
            return problem(request, actor, 403, "Not allowed", str(error))
        except REFUSALS as error:
            say(request, str(error), went_wrong=True)
        return HttpResponseRedirect(path)

    return csrf_protect(answer)


def show(request: HttpRequest, actor: Actor, template: str, context: Context, status: int = 200) -> HttpResponse:
    """The page, with what the layout needs."""
    session = getattr(request, "session", None)
    layout = {
        "actor": actor,
        "is_auditor": actor.may_everywhere(Verb.ADMIN),
        "preferences": preferences.of(request),
        "now": timezone.now(),
        "csrf_token": get_token(request),
        "path": request.get_full_path(),
        "said": session.pop(SAID, None) if session is not None and SAID in session else None,
    }
    return HttpResponse(rendered(f"nightshift/{template}", layout | context), status=status, headers=HEADERS)


def problem(request: HttpRequest, actor: Actor, status: int, title: str, sentence: str) -> HttpResponse:
    """A page that says what went wrong."""
    return show(request, actor, "problem.html", {"title": title, "sentence": sentence}, status)


def say(request: HttpRequest, sentence: str, *, went_wrong: bool = False, run: int | None = None) -> None:
    """The next page of this person begins with the sentence, and a link to the run that it is about."""
    if sentence and hasattr(request, "session"):
        request.session[SAID] = {"sentence": sentence, "went_wrong": went_wrong, "run": run}


def next_of(request: HttpRequest) -> str:
    """Where a form leads on: to its field `next`, if that is a page of this site."""
    path = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(path, {request.get_host()}, require_https=request.is_secure()):
        return path
    return reverse("nightshift:overview")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if POLL in request.headers:
        return HttpResponse(status=401, headers=HEADERS)
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{reverse('nightshift:sign_in')}?{query}", headers=HEADERS)


def _tag(request: HttpRequest, actor: Actor) -> str:
    """What differs once the page would: the ledger, the minute, what the person may see and has chosen."""
    known = (ledger_version(), _minute(), actor.rules, preferences.of(request))
    return f'"{hashlib.sha256(repr((*known, request.get_full_path())).encode()).hexdigest()[:32]}"'


def _minute() -> str:
    """What a page says of the time itself changes by the minute; the script counts on between."""
    return f"{timezone.now():%H:%M}"
