"""Who fails to sign in again and again waits: by account, by address, on all instances alike."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from jobs.access import failures, tokens
from jobs.api.throttling import this_minute
from jobs.models import Failures
from tests.helpers.people import a_token, a_user, bearing, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["nightshift:sign_in", "admin:login"])
def sign_in(request, client):
    """Try a password at a page; gives the status of the answer."""

    def post(password, name="ada", address="192.0.2.7"):
        data = {"username": name, "password": password, "next": "/"}
        answer = client.post(reverse(request.param), data, REMOTE_ADDR=address)
        post.answer = answer
        return answer.status_code

    User.objects.create_superuser("ada", None, "correct horse")
    User.objects.create_user("bob", None, "battery staple")
    return post


def test_after_ten_failures_an_account_waits_from_any_address_and_others_do_not(sign_in):
    statuses = [sign_in("wrong", address=f"192.0.2.{number}") for number in range(11)]
    assert statuses == [200] * 10 + [429]
    assert sign_in("correct horse", "ADA", "198.51.100.1") == 429
    assert sign_in.answer.content == (
        b"Too many failed attempts for this account, or from your address. Try again in 10 min.\n"
    )
    assert 0 < int(sign_in.answer.headers["Retry-After"]) <= 600
    assert sign_in("wrong", "bob", "198.51.100.1") == 200
    Failures.objects.update(until=Failures.objects.first().until - timedelta(minutes=11))
    assert sign_in("correct horse") == 302


def test_an_address_waits_whatever_accounts_it_tries(sign_in):
    for number in range(failures.OF_AN_ADDRESS):
        failures.note(failures.counters(account=f"user{number}", address="192.0.2.7"))
    assert sign_in("correct horse") == 429
    assert sign_in("correct horse", address="192.0.2.8") == 302


def test_a_success_forgets_the_accounts_failures(sign_in, client):
    for _ in range(3):
        assert [sign_in("wrong") for _ in range(9)] == [200] * 9
        assert sign_in("correct horse") == 302
        client.logout()


def test_failures_are_counted_once_each_by_sessions_at_the_same_time_and_over_ones_go():
    found = failures.counters(account="ada", address="192.0.2.7")
    for _ in range(3):
        failures.note(found)
    assert {*Failures.objects.values_list("count", flat=True)} == {3}
    Failures.objects.update(until=Failures.objects.first().until - timedelta(minutes=11))
    failures.note(failures.counters(account="bob"))
    assert [*Failures.objects.values_list("count", flat=True)] == [1]


def test_bad_tokens_are_throttled_by_address_and_good_ones_are_not(client):
    bad = {"Authorization": f"Bearer {tokens.new()}"}
    answers = [client.get("/api/v1/schema/", headers=bad).status_code for _ in range(failures.OF_AN_ADDRESS + 1)]
    assert answers == [401] * failures.OF_AN_ADDRESS + [429]
    # One that can't be ours isn't even looked for.
    assert client.get("/api/v1/schema/", headers={"Authorization": "Bearer nsk_nonsense"}).status_code == 401
    _, secret = a_token(a_user("ada", "viewer"))
    assert bearing(secret).get("/api/v1/schema/").status_code == 200


def test_the_api_answers_each_user_and_token_so_often_in_a_minute(settings):
    settings.JOBS_API_RATE = 2
    this_minute._began = 0
    ada = a_user("ada", "viewer")
    statuses = [signed_in(ada).get("/api/v1/schema/").status_code for _ in range(3)]
    limited = signed_in(ada).get("/api/v1/schema/")
    assert (statuses, limited.status_code) == ([200, 200, 429], 429)
    assert 0 < int(limited.headers["Retry-After"]) <= 61
    assert bearing(a_token(ada)[1]).get("/api/v1/schema/").status_code == 200
    assert signed_in(a_user("bob", "viewer")).get("/api/v1/schema/").status_code == 200
    this_minute._began -= 60
    assert signed_in(ada).get("/api/v1/schema/").status_code == 200
