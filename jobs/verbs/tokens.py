"""Make and revoke tokens. A person does so for themselves; for a service account who may administer all jobs does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from jobs.access import tokens
from jobs.access.actor import Actor, Refused
from jobs.access.granting import in_order
from jobs.access.requests import name_of
from jobs.access.selectors import Selector
from jobs.choices import Door, EventKind, Verb
from jobs.ledger import events, states
from jobs.models import ServiceAccount, Token
from jobs.sentences import Sentence
from jobs.verbs.acting import acting_everywhere, refused

LONGEST = timedelta(days=366)
NAME_LENGTH = 100


class UnknownToken(Sentence, LookupError):
    """There is no token {token} in force. `manage.py token list` lists those that are."""

    def __init__(self, token: int) -> None:
        super().__init__(token=token)


class NotYours(Refused):
    """{name} may make personal tokens only for themselves, signed in and without a token.

    Whoever has a stolen token could else make another one, which outlives it.
    """

    def __init__(self, name: str) -> None:
        Sentence.__init__(self, name=name)


class NoLifetime(Sentence, ValueError):
    """A token ends within {days} days, and not in the past. It was to end on {end:%Y-%m-%d %H:%M} UTC."""

    def __init__(self, end: datetime) -> None:
        super().__init__(days=LONGEST.days, end=end)


class NoName(Sentence, ValueError):
    """A token needs a name that says what it is for, of at most {length} characters."""

    def __init__(self) -> None:
        super().__init__(length=NAME_LENGTH)


class NoScope(Sentence, ValueError):
    """A token needs a scope: verbs or a role, and jobs, such as operator and label:payroll."""


def create_token(
    actor: Actor, owner: Any, name: str, scopes: Sequence[tuple[Sequence[Verb], str]], expires_at: datetime
) -> tuple[Token, str]:
    """A new token of a user or service account, and its secret, which nobody can read again.

    Each scope is verbs, and a selector of jobs. Raises Refused, UnreadableSelector, NoLifetime, NoName or NoScope.
    """
    service = owner if isinstance(owner, ServiceAccount) else None
    with _may_make(actor, owner, service), transaction.atomic():
        now = states.clock()
        if not now < expires_at <= now + LONGEST:
            raise NoLifetime(expires_at)
        if not 0 < len(name.strip()) <= NAME_LENGTH:
            raise NoName
        if not scopes:
            raise NoScope
        secret = tokens.new()
        made = Token.objects.create(
            name=name.strip(),
            hash=tokens.hash_of(secret),
            hint=secret[: tokens.HINT_LENGTH],
            user=None if service else owner,
            service=service,
            scopes=[{"verbs": in_order(verbs), "selector": Selector.read(jobs).text} for verbs, jobs in scopes],
            created_by=actor.name,
            created_at=now,
            expires_at=expires_at,
        )
        message = f"{actor.name} made the token {made.name!r} of {owner_of(made)}, until {expires_at:%Y-%m-%d}."
        events.record(EventKind.TOKEN_CREATED, message, by=actor.name, after=_facts(made))
    return made, secret


def revoke_token(actor: Actor, token_id: int, *, reason: str = "") -> Token:
    """End a token now. Raises UnknownToken, also for one that is somebody else's and not yours to revoke."""
    found = Token.objects.in_force().filter(pk=token_id).first()
    if found is None or not (_is_own(actor, found) or actor.may_everywhere(Verb.ADMIN)):
        raise UnknownToken(token_id)
    with events.coming_from(actor.door, actor.address, actor.token), transaction.atomic():
        now = states.clock()
        # Of two at the same moment one revokes it.
        if not Token.objects.in_force().filter(pk=token_id).update(revoked_at=now, revoked_by=actor.name):
            raise UnknownToken(token_id)
        message = f"{actor.name} revoked the token {found.name!r} of {owner_of(found)}."
        events.record(EventKind.TOKEN_REVOKED, message, by=actor.name, reason=reason, before=_facts(found))
    found.revoked_at, found.revoked_by = now, actor.name
    return found


def owner_of(token: Token) -> str:
    """The owner's name, as the ledger has it."""
    return name_of(token.service) if token.service else str(token.user and token.user.get_username())


@contextmanager
def _may_make(actor: Actor, owner: Any, service: ServiceAccount | None) -> Iterator[None]:
    if service:
        with acting_everywhere(actor, Verb.ADMIN):
            yield
        return
    with events.coming_from(actor.door, actor.address, actor.token):
        is_own = actor.user_id == owner.pk and not actor.token
        if actor.door is not Door.SHELL and not is_own:
            refused(actor, Verb.ADMIN, "")
            raise NotYours(actor.name)
        yield


def _is_own(actor: Actor, token: Token) -> bool:
    return token.user_id is not None and token.user_id == actor.user_id


def _facts(token: Token) -> dict[str, Any]:
    return {
        "token": token.pk,
        "name": token.name,
        "hint": token.hint,
        "owner": owner_of(token),
        "scopes": token.scopes,
        "expires_at": token.expires_at.isoformat(),
    }
