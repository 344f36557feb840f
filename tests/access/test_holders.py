"""What an account may do follows from its grants alone."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import IntegrityError, transaction

from jobs.access.actor import Actor
from jobs.access.holders import rules_of_service, rules_of_user
from jobs.choices import Door, Verb
from jobs.ledger import states
from jobs.models import Grant, ServiceAccount

pytestmark = pytest.mark.django_db


def may(user, verb=Verb.VIEW, job="nightly"):
    return Actor(name="ada", door=Door.PAGE, rules=rules_of_user(user)).why(verb, job)


def test_staff_see_nothing_by_being_staff():
    user = User.objects.create(username="ada", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    assert may(user) is None


def test_a_group_and_a_user_hold_grants_and_each_says_why():
    user = User.objects.create(username="ada")
    group = Group.objects.create(name="ops")
    user.groups.add(group)
    of_group = Grant.objects.create(group=group, verbs=["run"], selector="night*")
    of_user = Grant.objects.create(user=user, verbs=["cancel"], selector="nightly")
    assert may(user).source == f"grant {of_group.pk} of the group ops"
    assert may(user, Verb.CANCEL).source == f"grant {of_user.pk} of the user ada"
    assert may(user, Verb.CANCEL, "nightly2") is None
    assert may(User.objects.create(username="bob")) is None


def test_a_grant_that_is_over_and_an_account_that_is_not_active_give_nothing():
    user = User.objects.create(username="ada", is_superuser=True)
    assert may(user).source == "a superuser"
    user.is_active = False
    assert may(user) is None
    other = User.objects.create(username="bob")
    Grant.objects.create(user=other, verbs=["view"], selector="*", until=states.clock() - timedelta(seconds=1))
    assert may(other) is None


def test_a_service_account_has_grants_of_its_own_until_it_is_disabled():
    service = ServiceAccount.objects.create(name="deploy")
    Grant.objects.create(service=service, verbs=["run"], selector="*")
    assert [rule.verbs for rule in rules_of_service(service)] == [{Verb.VIEW, Verb.RUN}]
    service.disabled_at = states.clock()
    assert rules_of_service(service) == ()


def test_a_grant_has_exactly_one_holder():
    user = User.objects.create(username="ada")
    for holders in ({}, {"user": user, "service": ServiceAccount.objects.create(name="deploy")}):
        with pytest.raises(IntegrityError, match="a_grant_has_one_holder"), transaction.atomic():
            Grant.objects.create(verbs=["view"], selector="*", **holders)
