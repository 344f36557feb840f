"""Accounts of programs: make one, tie it to a managed identity, disable it. Only who may administer all jobs does."""

import re
from typing import Any

from django.db import IntegrityError, transaction

from jobs.access.actor import Actor
from jobs.choices import EventKind, Verb
from jobs.ledger import events, states
from jobs.models import ServiceAccount
from jobs.sentences import Sentence
from jobs.verbs.acting import acting_everywhere

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
# An object id or application id of Entra ID.
IDENTITY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class UnknownService(Sentence, LookupError):
    """There is no service account {name!r}. `manage.py service-account list` lists them."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class UnfitName(Sentence, ValueError):
    """{name!r} can't name a service account. Write letters, digits, '.', '_' and '-', such as deploy-pipeline."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class UnfitIdentity(Sentence, ValueError):
    """{identity!r} is not an id of Entra ID. Write the object id or application id of the identity: a GUID."""

    def __init__(self, identity: str) -> None:
        super().__init__(identity=identity)


class Taken(Sentence, ValueError):
    """Another service account has the name {name!r}, or the identity that you gave."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


def service_account(name: str) -> ServiceAccount:
    """Raises UnknownService."""
    found = ServiceAccount.objects.filter(name=name).first()
    if found is None:
        raise UnknownService(name)
    return found


def make_service_account(actor: Actor, name: str, identity: str = "") -> ServiceAccount:
    """A new account, which may do nothing yet. Raises Refused, UnfitName, UnfitIdentity or Taken."""
    with acting_everywhere(actor, Verb.ADMIN):
        if not NAME.fullmatch(name):
            raise UnfitName(name)
        identity = _identity(identity)
        try:
            with transaction.atomic():
                made = ServiceAccount.objects.create(name=name, identity=identity, created_by=actor.name)
                _record(actor, made, "made", None)
        except IntegrityError:
            raise Taken(name) from None
    return made


def change_service_account(
    actor: Actor, name: str, *, identity: str | None = None, is_disabled: bool | None = None
) -> ServiceAccount:
    """Tie it to another identity ("" for none), disable or enable it: disabled, it may do nothing from now on.

    Raises Refused, UnknownService, UnfitIdentity or Taken.
    """
    with acting_everywhere(actor, Verb.ADMIN):
        try:
            with transaction.atomic():
                found = service_account(name)
                before = _facts(found)
                if identity is not None:
                    found.identity = _identity(identity)
                if is_disabled is not None:
                    found.disabled_at = (found.disabled_at or states.clock()) if is_disabled else None
                found.save(update_fields=["identity", "disabled_at"])
                if _facts(found) != before:
                    _record(actor, found, "changed", before)
        except IntegrityError:
            raise Taken(name) from None
    return found


def _identity(text: str) -> str:
    found = text.strip().lower()
    if found and not IDENTITY.fullmatch(found):
        raise UnfitIdentity(text)
    return found


def _record(actor: Actor, service: ServiceAccount, done: str, before: dict[str, Any] | None) -> None:
    message = f"{actor.name} {done} the service account {service.name}."
    events.record(EventKind.ACCOUNT_CHANGED, message, by=actor.name, before=before, after=_facts(service))


def _facts(service: ServiceAccount) -> dict[str, Any]:
    return {"name": service.name, "identity": service.identity, "disabled": service.disabled_at is not None}
