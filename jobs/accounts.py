"""Accounts of people who run the jobs, whatever the project's user model and ways to sign in are."""

import secrets
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model, load_backend
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.utils import timezone

from jobs.sentences import Sentence


class NoAccount(Exception):
    """No account can be created automatically; the message says why."""


class NoWayIn(Sentence):
    """None of AUTHENTICATION_BACKENDS finds the operator's account by its id, so nobody can sign in with a link.
    Sign in as your users do, or add 'django.contrib.auth.backends.ModelBackend'.
    """


def superuser() -> AbstractBaseUser | None:
    """The first active superuser; None where there is none, or the user model doesn't say who is one."""
    known = {field.name for field in get_user_model()._meta.get_fields()}
    if "is_superuser" not in known:
        return None
    active = {"is_active": True} if "is_active" in known else {}
    found: AbstractBaseUser | None = _users().filter(is_superuser=True, **active).order_by("pk").first()
    return found


def named(name: str) -> AbstractBaseUser | None:
    """The account that signs in by this name."""
    found: AbstractBaseUser | None = _users().filter(**{get_user_model().USERNAME_FIELD: name}).first()
    return found


def make_superuser(name: str, password: str | None, required: Callable[[Any], Any]) -> AbstractBaseUser:
    """Make a superuser who signs in by this name; without a password by other ways only.

    `required` gives the value of each other field that the user model requires. Raises NoAccount.
    """
    model = get_user_model()
    fields = {field: required(model._meta.get_field(field)) for field in model.REQUIRED_FIELDS}
    make = getattr(_users(), "create_superuser", None)
    if make is None:
        raise NoAccount(f"The manager of {model._meta.label} has no create_superuser().")
    # Some managers insist on a password.
    user: AbstractBaseUser = make(
        **{model.USERNAME_FIELD: name}, **fields, password=password or secrets.token_urlsafe(32)
    )
    if password is None:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def make_user(name: str, required: Callable[[Any], Any]) -> AbstractBaseUser:
    """Make an account that may do nothing yet, and that no password opens.

    `required` gives the value of each other field that the user model requires. Raises NoAccount.
    """
    model = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)
    if len(name) > (getattr(field, "max_length", None) or len(name)):
        raise NoAccount(f"The user model takes no name as long as {name[:40]}….")
    user: AbstractBaseUser = model(
        **{model.USERNAME_FIELD: name},
        **{field: required(model._meta.get_field(field)) for field in model.REQUIRED_FIELDS},
    )
    user.set_unusable_password()
    user.save()
    return user


def placeholder(field: "models.Field[Any, Any]") -> Any:
    """A value for a field that a user model requires, on a laptop. Raises NoAccount where none can be invented."""
    for kinds, value in PLACEHOLDERS:
        if isinstance(field, kinds):
            return value()
    raise NoAccount(
        f"The user model requires {field.name!r}, and no default value can be made up for it. "
        "Run `manage.py createsuperuser` first."
    )


def backend_of(user: AbstractBaseUser) -> str:
    """The first of AUTHENTICATION_BACKENDS that finds this account again at the next request. Raises NoWayIn."""
    for path in settings.AUTHENTICATION_BACKENDS:
        find = getattr(load_backend(path), "get_user", None)
        if find and find(user.pk) == user:
            return path
    raise NoWayIn


def _users() -> Any:
    return get_user_model()._default_manager


PLACEHOLDERS: list[tuple[tuple[type[Any], ...], Callable[[], Any]]] = [
    ((models.EmailField,), lambda: "operator@localhost"),
    ((models.DateTimeField,), timezone.now),
    ((models.DateField,), lambda: timezone.now().date()),
    ((models.BooleanField,), lambda: True),
    ((models.CharField, models.TextField), lambda: "operator"),
    ((models.IntegerField, models.FloatField, models.DecimalField), lambda: 0),
]
