"""The link that `make run` prints: one operator, one use, a short time, and of this process only."""

import time

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import BaseBackend
from django.test import Client

from jobs import accounts
from jobs.localhost import signin
from tests.helpers.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.localhost.urls")]
REFUSAL = "This link was used, is too old, or is another host's. Start the host again for a new one."


@pytest.fixture
def users():
    return get_user_model().objects


def test_a_link_makes_the_operator_and_signs_in(client, users):
    response = client.get(signin.link(), follow=True)
    assert response.redirect_chain == [("/", 302)]
    assert response.wsgi_request.user == users.get()
    operator = users.get()
    assert (operator.username, operator.is_superuser, operator.is_staff) == ("operator", True, True)
    assert not operator.has_usable_password()


def test_a_superuser_who_is_there_is_the_operator(users):
    users.create_user("visitor")
    users.create_superuser("ada")
    signin.link()
    assert users.count() == 2


def test_two_hosts_that_start_at_the_same_moment_share_the_operator(users, monkeypatch):
    make = accounts.make_superuser

    def second(*arguments):
        make(*arguments)  # the other host's
        return make(*arguments)

    monkeypatch.setattr(accounts, "make_superuser", second)
    signin.link()
    assert users.get().username == "operator"


def test_a_link_works_once(client):
    link = signin.link()
    assert client.get(link).status_code == 302
    again = client.get(link)
    assert (again.status_code, again.content.decode()) == (403, REFUSAL)


def test_a_new_link_works_after_an_old_one_was_used(client):
    client.get(signin.link())
    client.logout()
    assert client.get(signin.link()).status_code == 302


def test_a_link_is_too_old_after_ten_minutes(client, monkeypatch):
    link, now = signin.link(), time.monotonic()
    monkeypatch.setattr(signin.time, "monotonic", lambda: now + 60 * signin.MINUTES + 1)
    assert client.get(link).status_code == 403


def test_a_link_that_nobody_gave_opens_nothing(client, users):
    signin.link()
    assert client.get("/sign-in/nonsense/").status_code == 403


@pytest.mark.parametrize("method", ["head", "post", "options", "put"])
def test_a_look_at_a_link_leaves_it_as_it_is(client, method):
    link = signin.link()
    assert getattr(client, method)(link).status_code == (200 if method == "head" else 405)
    assert client.get(link).status_code == 302


def test_of_many_requests_with_one_link_one_signs_in(client):
    link = signin.link()
    answers = at_once(lambda _: Client().get(link).status_code, range(20))
    assert sorted(answers) == [302] + [403] * 19


def test_an_account_that_was_closed_has_no_way_in(client, users):
    link = signin.link()
    users.update(is_active=False)
    assert client.get(link).status_code == 403


class FindsNobody(BaseBackend):
    """As those that only add a rule: a limit of tries, say."""


class FindsEveryone(BaseBackend):
    def get_user(self, user_id):
        return get_user_model().objects.filter(pk=user_id).first()


def backends(*classes):
    return [f"{backend.__module__}.{backend.__name__}" for backend in classes]


def test_without_djangos_own_backend_the_one_that_knows_the_account_is_taken(client, settings, users):
    settings.AUTHENTICATION_BACKENDS = backends(FindsNobody, FindsEveryone)
    assert client.get(signin.link(), follow=True).wsgi_request.user == users.get()
    assert client.get("/manage/").status_code == 200


def test_where_no_backend_knows_the_account_the_link_says_so_and_is_not_used_up(client, settings):
    link = signin.link()
    settings.AUTHENTICATION_BACKENDS = backends(FindsNobody)
    with pytest.raises(accounts.NoWayIn):
        signin.link()
    answer = client.get(link)
    assert answer.status_code == 403
    assert answer.content.decode().startswith("None of AUTHENTICATION_BACKENDS finds the operator's account by its id")
    settings.AUTHENTICATION_BACKENDS = backends(FindsEveryone)
    assert client.get(link).status_code == 302
