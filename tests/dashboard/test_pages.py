"""How every page is answered: for whom, under which policy, and what a refresh costs."""

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.dashboard import preferences
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


def polled(client, path, tag):
    return client.get(path, headers={"X-Nightshift-Poll": "1", "If-None-Match": tag})


def tag_of(answer):
    return answer.content.decode().partition('data-tag="')[2].partition('">')[0].replace("&quot;", '"')


def test_nobody_sees_a_page_without_signing_in(client):
    answer = client.get("/?x=1")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=%2F%3Fx%3D1")
    assert polled(client, "/", "").status_code == 401


def test_a_person_signs_in_and_comes_to_the_page_that_was_asked_for(client):
    get_user_model().objects.create_superuser("ada", password="a long word")
    wrong = client.post("/sign-in/", {"username": "ada", "password": "another"})
    assert "Please enter a correct username and password" in wrong.content.decode()
    right = {"username": "ada", "password": "a long word", "next": "/?x=1"}
    assert client.post("/sign-in/", right)["Location"] == "/?x=1"
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


def test_who_has_no_grant_is_told_so(client):
    client.force_login(get_user_model().objects.create_user("bob"))
    answer = client.get("/")
    assert answer.status_code == 403
    assert "bob has no grant here. Ask an administrator for one" in answer.content.decode()


def test_a_page_brings_its_own_policy(admin_client, settings):
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if "csp" not in name]
    policy = admin_client.get("/")["Content-Security-Policy"]
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy
    assert "data:" not in policy


def test_a_page_without_changes_is_asked_for_again_by_one_query_beside_those_of_the_account(admin_client, monkeypatch):
    monkeypatch.setattr("jobs.dashboard.pages._minute", lambda: "12:00")
    tag = tag_of(admin_client.get("/"))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert polled(admin_client, "/", tag).status_code == 304
    ours = [query["sql"] for query in queries if "session" not in query["sql"] and "auth_user" not in query["sql"]]
    assert len(ours) == 1, ours
    a_run()
    assert polled(admin_client, "/", tag).status_code == 200


@pytest.mark.parametrize(("name", "values"), preferences.CHOICES.items())
def test_a_choice_is_kept_without_a_script(client, name, values):
    answer = client.post("/preferences/", {name: values[-1], "next": "https://elsewhere.example/"})
    assert answer["Location"] == "/"
    assert client.cookies[f"nightshift_{name}"].value == values[-1]
    assert f'data-{name}="{values[-1]}"' in client.get("/sign-in/").content.decode()


def test_a_form_from_elsewhere_is_refused():
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/preferences/", {"theme": "dark"}).status_code == 403
