"""Hear of a run's end by e-mail, and hear of it no more."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.ledger import run_watches
from jobs.sentences import Sentence
from jobs.verbs.acting import acting, run_of


class NoUser(Sentence, ValueError):
    """{name} is no user, so there is nobody to write to. Ask for it as a user, or with a token of theirs."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


class NoAddress(Sentence, ValueError):
    """The account {name} has no e-mail address that can be written to. Set one in the account: in Django's admin under
    Users, or where it comes from.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)


def tell_me(actor: Actor, run_id: int) -> str:
    """Send the actor a letter when the run has ended. Gives the address.

    Raises UnknownRun, AlreadyEnded, NoUser or NoAddress.
    """
    run = run_of(actor, Verb.VIEW, run_id)
    with acting(actor, Verb.VIEW, run.job):
        address = _address(actor)
        run_watches.watch(run, actor.user_id, address)
        return address


def tell_me_no_more(actor: Actor, run_id: int) -> None:
    """Send no letter, also where none was asked for. Raises UnknownRun."""
    run = run_of(actor, Verb.VIEW, run_id)
    with acting(actor, Verb.VIEW, run.job):
        if actor.user_id is not None:
            run_watches.unwatch(run_id, actor.user_id)


def _address(actor: Actor) -> str:
    key: Any = actor.user_id
    user = None if key is None else get_user_model()._default_manager.filter(pk=key).first()
    if user is None:
        raise NoUser(actor.name)
    address = str(getattr(user, user.get_email_field_name(), "") or "").strip()
    try:
        validate_email(address)
    except ValidationError:
        raise NoAddress(actor.name) from None
    return address
