"""The link that `make run` prints: one operator, one use, a short time, and of this process only."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.core import signing

from jobs.localhost import signin

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.localhost.urls")]
REFUSAL = "This link was used, is too old, or is another host's. Start the host again for a new one."


@pytest.fixture
def users():
    return get_user_model().objects


def test_a_link_makes_the_operator_and_signs_in(client, users):
    response = client.get(signin.link(), follow=True)
    assert response.redirect_chain == [("/manage/", 302)]
    assert response.wsgi_request.user == users.get()
    operator = users.get()
    assert (operator.username, operator.is_superuser, operator.is_staff) == ("operator", True, True)
    assert not operator.has_usable_password()


def test_a_superuser_who_is_there_is_the_operator(users):
    users.create_user("visitor")
    users.create_superuser("ada")
    signin.link()
    assert users.count() == 2


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
    link = signin.link()
    later = datetime.now(UTC) + timedelta(minutes=signin.MINUTES, seconds=1)
    monkeypatch.setattr(signing.time, "time", later.timestamp)
    assert client.get(link).status_code == 403


def test_who_knows_the_secret_key_of_a_laptop_can_make_no_link(client, users):
    users.create_superuser("operator")
    forged = signing.dumps([users.get().pk, None], salt=signin.SALT)
    assert client.get(f"/sign-in/{forged}/").status_code == 403
    assert client.get("/sign-in/nonsense/").status_code == 403


def test_an_account_that_was_closed_has_no_way_in(client, users):
    link = signin.link()
    users.update(is_active=False)
    assert client.get(link).status_code == 403
