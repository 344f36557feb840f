"""Who may do what here: what you may, your tokens, and for administrators all tokens, grants, and who may what, why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_protect

from jobs import accounts
from jobs.access.actor import Actor, Refused
from jobs.access.granting import in_order, read_verbs
from jobs.access.holders import holder_of
from jobs.access.listing import Holder, who_may
from jobs.access.rules import Rule, role_of
from jobs.choices import ROLES, Verb
from jobs.dashboard import asked
from jobs.dashboard.actor import actor_of
from jobs.dashboard.pages import Context, act, page, problem, say, show
from jobs.declarations.registry import registry
from jobs.models import Grant, ServiceAccount, Token
from jobs.sentences import Sentence
from jobs.verbs import grants, tokens
from jobs.verbs.service_accounts import service_account

# In days, how long a token or a grant lasts. A grant may also be without an end.
LIFETIMES = (1, 7, 30, 90, 180, 365)
# So many tokens and grants are listed; the commands list all.
MOST = 200
# What is typed into the forms that make a token and give a grant.
TYPED = ("name", "verbs", "jobs", "service", "kind", "holder", "reason")
HOLDERS = {"user": "User", "group": "Group", "service": "Service account"}


class NoSuchHolder(Sentence, LookupError):
    """There is no {kind} {name!r}. Write the name as it signs in, or as Django's admin has it."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(kind=HOLDERS.get(kind, "holder").lower(), name=name)


@dataclass(frozen=True, slots=True)
class May:
    """What somebody may do with which jobs, and by what."""

    what: str
    jobs: str
    why: str

    @classmethod
    def of(cls, rule: Rule) -> "May":
        return cls(in_words(rule.verbs), rule.selector.text, rule.source)


def in_words(verbs: Iterable[Verb]) -> str:
    """The ready role, or the verbs."""
    found = in_order(verbs)
    return role_of(found) or ", ".join(found)


@page("access.html")
def access(request: HttpRequest, actor: Actor) -> Context:
    return _context(request, actor)


def _context(request: HttpRequest, actor: Actor) -> Context:
    is_admin = actor.may_everywhere(Verb.ADMIN)
    job, verb = asked.text(request, "job"), asked.text(request, "verb")
    answer = {"job": job, "verb": verb, "who": _who_may(actor, job, verb)} if job else {}
    return {
        "title": "Access",
        "at": "access",
        "is_admin": is_admin,
        "mine": [May.of(rule) for rule in actor.rules],
        "tokens": _tokens(actor, is_admin),
        "grants": _grants() if is_admin else (),
        "services": list(ServiceAccount.objects.order_by("name")[:MOST]) if is_admin else (),
        "roles": list(ROLES),
        "verbs": Verb.values,
        "lifetimes": LIFETIMES,
        "holders": HOLDERS.items(),
        "names": actor.seen(registry, Verb.ADMIN),
        "asks": is_admin or bool(actor.seen(registry, Verb.ADMIN)),
        "token_form": {"days": 90},
        "grant_form": {},
    } | answer


def _again(request: HttpRequest, actor: Actor, form: str, why: Sentence) -> HttpResponse:
    """The page with what was typed into this form of it, and what is wrong with that."""
    say(request, str(why), went_wrong=True)
    typed = {name: asked.text(request, name) for name in TYPED} | {"days": asked.number(request, "days")}
    # Its other forms lead back to the page, and not to where this one was sent.
    return show(
        request,
        actor,
        "access.html",
        _context(request, actor) | {form: typed | {"is_open": True}, "path": reverse("nightshift:access")},
    )


def _who_may(actor: Actor, job: str, verb: str) -> list[tuple[Holder, May]]:
    """For who may administer the job, or all where it is "*"."""
    if job == "*":
        actor.require_everywhere(Verb.ADMIN)
    else:
        actor.require(Verb.ADMIN, job)
    found = who_may(job, Verb(verb) if verb in Verb.values else None)
    return [(holder, May.of(holder.rule)) for holder in found]


def _tokens(actor: Actor, is_admin: bool) -> list[dict[str, Any]]:
    """One's own, and for administrators all: those in force, the newest first."""
    rows = Token.objects.in_force().select_related("user", "service").order_by("-pk")
    if not is_admin:
        rows = rows.filter(Q(user=actor.user_id)) if actor.user_id is not None else rows.none()
    return [
        {
            "token": token,
            "owner": tokens.owner_of(token),
            "scopes": [(in_words(map(Verb, scope["verbs"])), scope["selector"]) for scope in token.scopes],
        }
        for token in rows[:MOST]
    ]


def _grants() -> list[dict[str, Any]]:
    rows = Grant.objects.in_force().select_related("user", "group", "service").order_by("-pk")[:MOST]
    return [{"grant": row, "holder": holder_of(row), "what": in_words(map(Verb, row.verbs))} for row in rows]


@csrf_protect
def make_token(request: HttpRequest) -> HttpResponseBase:
    """POST makes a token. This answer is the only place where its secret can be read: it is kept nowhere."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actor = actor_of(request)
    if not actor.name:
        return HttpResponseRedirect(reverse("nightshift:sign_in"))
    try:
        service, scope = (
            asked.text(request, "service"),
            (read_verbs(asked.text(request, "verbs")), asked.text(request, "jobs")),
        )
        owner: Any = service_account(service) if service else request.user
        made, secret = tokens.create_token(
            actor, owner, asked.text(request, "name"), [scope], _end(request) or timezone.now()
        )
    except Refused as error:
        return problem(request, actor, 403, "Not allowed", str(error))
    except Sentence as error:
        return _again(request, actor, "token_form", error)
    answer: HttpResponse = show(
        request,
        actor,
        "token.html",
        {"title": "New token", "at": "access", "token": made, "owner": tokens.owner_of(made), "secret": secret},
    )
    answer["Cache-Control"] = "no-store"
    return answer


@act
def change_access(request: HttpRequest, actor: Actor) -> str | HttpResponse:
    """A button of the page: revoke a token, end a grant, or give one."""
    reason = asked.text(request, "reason")
    if "revoke" in request.POST:
        token = tokens.revoke_token(actor, asked.number(request, "revoke") or 0, reason=reason)
        return f"The token {token.name} of {tokens.owner_of(token)} is revoked."
    if "end" in request.POST:
        ended = grants.end_grant(actor, asked.number(request, "end") or 0, reason=reason)
        return f"Grant {ended.pk} of {holder_of(ended)} has ended."
    try:
        return _give(request, actor, reason)
    except Refused:
        raise
    except Sentence as error:
        return _again(request, actor, "grant_form", error)


def _give(request: HttpRequest, actor: Actor, reason: str) -> str:
    actor.require_everywhere(Verb.ADMIN)
    given = grants.grant(
        actor,
        read_verbs(asked.text(request, "verbs")),
        asked.text(request, "jobs"),
        **_holder(asked.text(request, "kind"), asked.text(request, "holder")),
        reason=reason,
        until=_end(request),
    )
    return f"Grant {given.pk}: {holder_of(given)} is {in_words(map(Verb, given.verbs))} on {given.selector}."


def _holder(kind: str, name: str) -> dict[str, Any]:
    """Raises NoSuchHolder or UnknownService."""
    if kind == "service":
        return {kind: service_account(name)}
    groups = apps.get_model("auth", "Group")._default_manager
    found = groups.filter(name=name).first() if kind == "group" else accounts.named(name) if kind == "user" else None
    if found is None:
        raise NoSuchHolder(kind, name)
    return {kind: found}


def _end(request: HttpRequest) -> datetime | None:
    days = asked.text(request, "days")
    return timezone.now() + timedelta(days=int(days)) if days in map(str, LIFETIMES) else None
