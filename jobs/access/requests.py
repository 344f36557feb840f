"""The actor of an HTTP request, whose user or token has been authenticated."""

from typing import Any

from jobs.access.actor import Actor
from jobs.access.holders import rules_of_service, rules_of_user
from jobs.access.tokens import scopes_of
from jobs.choices import Door
from jobs.models import ServiceAccount, Token


def actor_of(request: Any, door: Door) -> Actor:
    """Who acts by this request of Django's or of REST framework's. One whom nobody knows has no name and no rules.

    `request.auth` is the token, or the service account of a managed identity; without them the user counts.
    """
    credential, address = getattr(request, "auth", None), address_of(request)
    if isinstance(credential, Token):
        return of_token(credential, door, address)
    if isinstance(credential, ServiceAccount):
        return of_service(credential, door, address)
    return of_user(request.user, door, address)


def address_of(request: Any) -> str:
    """The client's address. jobs/azure/http.py sets it from what Azure's front end says, and no client can forge it."""
    return str(request.META.get("REMOTE_ADDR") or "")


def of_user(user: Any, door: Door, address: str = "") -> Actor:
    if not user.is_authenticated:
        return Actor(name="", door=door, address=address)
    return Actor(name=user.get_username(), door=door, rules=rules_of_user(user), address=address, user_id=user.pk)


def of_token(token: Token, door: Door, address: str = "") -> Actor:
    """What the owner may do now, and no more than the token's scopes."""
    if token.service:
        name, rules = name_of(token.service), rules_of_service(token.service)
    else:
        assert token.user
        name, rules = token.user.get_username(), rules_of_user(token.user)
    return Actor(
        name=name,
        door=door,
        rules=rules,
        scopes=scopes_of(token),
        address=address,
        token=token.name,
        user_id=token.user_id,
    )


def of_service(service: ServiceAccount, door: Door, address: str = "") -> Actor:
    """A service account whose managed identity has signed the request."""
    return Actor(name=name_of(service), door=door, rules=rules_of_service(service), address=address)


def name_of(service: ServiceAccount) -> str:
    """As the ledger calls it: no person may be taken for a program of the same name."""
    return f"service:{service.name}"
