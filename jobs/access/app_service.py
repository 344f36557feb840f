"""Who signed in at App Service's authentication, which stands in front of the app and says so in headers.

A client can't set them: the platform drops what it sends. They are read only where JOBS_TRUST_APP_SERVICE_AUTH is set.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import IntegrityError, models, transaction

from jobs import accounts
from jobs.conf import conf
from jobs.models import EntraAccount
from jobs.sentences import Sentence

PRINCIPAL = "X-MS-CLIENT-PRINCIPAL"
PROVIDER = "aad"
# Each claim has a short name and a long one; which of them comes depends on the registration of the app.
IDENTITY = ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")
TENANT = ("tid", "http://schemas.microsoft.com/identity/claims/tenantid")
NAME = ("preferred_username", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn", "upn")
ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role", "groups")
NAME_OF_GROUP = 150


class NotSignedIn(Sentence):
    """App Service's authentication has sent no person of Entra ID that this app can take: {why}."""

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


class NameTaken(Sentence):
    """There is an account {name!r} with a password of its own, so nobody else's sign-in opens it.
    An administrator renames it, or takes its password away.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NotVouchedFor(NameTaken):
    """There is an account {name!r}, and the issuer doesn't say that this name is yours alone: it isn't opened for you.
    An administrator renames the account, or the issuer sends a verified address (email_verified).
    """


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Who signed in elsewhere, by an id that is never given again; and the names of roles and groups.

    `is_vouched_for`: whether nobody else could have chosen that name there.
    """

    identity: str
    name: str
    groups: frozenset[str]
    is_vouched_for: bool = True


def person(header: str) -> Person:
    """Whom the header names. Raises NotSignedIn."""
    try:
        found = json.loads(base64.b64decode(header, validate=True))
        provider = found["auth_typ"]
        claims = [(claim["typ"], claim["val"]) for claim in found["claims"] if isinstance(claim["val"], str)]
    except (ValueError, KeyError, TypeError):
        raise NotSignedIn("its header can't be read") from None
    if provider != PROVIDER:
        raise NotSignedIn(f"the provider is {provider!r}")
    tenant = _first(claims, TENANT)
    if conf.JOBS_ENTRA_TENANT and tenant != conf.JOBS_ENTRA_TENANT:
        raise NotSignedIn("the tenant is another one than JOBS_ENTRA_TENANT")
    identity, name = _first(claims, IDENTITY), _first(claims, NAME)
    if not identity or not name:
        raise NotSignedIn("an object id or a name is missing")
    groups = frozenset(value for kind, value in claims if kind in ROLES and 0 < len(value) <= NAME_OF_GROUP)
    return Person(identity=identity, name=name, groups=groups)


def user_of(found: Person) -> Any:
    """The person's account, made when first seen, in exactly these groups. Raises NameTaken or NoAccount."""
    known = EntraAccount.objects.select_related("user").filter(identity=found.identity).first()
    user = known.user if known else _tied(found)
    if hasattr(user, "groups"):
        _set_groups(user, found.groups)
    return user


def _tied(found: Person) -> Any:
    """An account for somebody new: one of that name which nobody else opens, or a new one."""
    try:
        with transaction.atomic():
            user: Any = accounts.named(found.name)
            if user is None:
                user = accounts.make_user(found.name, lambda field: _value(field, found.name))
            elif not found.is_vouched_for:
                raise NotVouchedFor(found.name)
            elif user.has_usable_password() or EntraAccount.objects.filter(user=user.pk).exists():
                raise NameTaken(found.name)
            EntraAccount.objects.create(identity=found.identity, user=user)
            return user
    except IntegrityError:
        # Another request of the same person was first.
        known = EntraAccount.objects.select_related("user").filter(identity=found.identity).first()
        if known is None:
            raise NameTaken(found.name) from None
        return known.user


def _set_groups(user: Any, names: frozenset[str]) -> None:
    if frozenset(user.groups.values_list("name", flat=True)) == names:
        return
    manager = apps.get_model("auth", "Group")._default_manager
    with transaction.atomic():
        user.groups.set([manager.get_or_create(name=name)[0] for name in sorted(names)])


def _value(field: "models.Field[Any, Any]", name: str) -> Any:
    return name if isinstance(field, models.EmailField) and "@" in name else accounts.placeholder(field)


def _first(claims: list[tuple[str, str]], names: tuple[str, ...]) -> str:
    by_name: Mapping[str, str] = dict(reversed(claims))
    return next((by_name[name] for name in names if by_name.get(name)), "")
