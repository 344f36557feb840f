"""A deployment's own settings, without LOCAL: the probe, TLS behind the front end, sessions and forms."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.urls import reverse

from jobs import middleware
from tests.project.test_settings import PRODUCTION, read_by_settings

BEHIND = {"X-Forwarded-Proto": "https", "Host": "jobs.example.com"}
# As Azure's probe comes: by the instance's own address, and without TLS.
PROBE = {"Host": "169.254.130.4"}
NOBODY_THERE = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1"


@pytest.fixture
def ask(tmp_path):
    """Make requests of a process that has a deployment's settings. Gives the answers."""

    def make_requests(*requests, **variables):
        others = {name: value for name, value in os.environ.items() if name not in read_by_settings()}
        environment = {"DJANGO_SETTINGS_MODULE": "mydjango.settings", "ALLOWED_HOSTS": ""}
        done = subprocess.run(
            [sys.executable, "-m", "tests.helpers.production", str(tmp_path)],
            cwd=settings.BASE_DIR,
            env=others | PRODUCTION | environment | {"WEBSITE_HOSTNAME": "jobs.example.com"} | variables,
            input=json.dumps(requests),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return make_requests


def get(path, **headers):
    return {"method": "GET", "path": path, "headers": headers}


@pytest.fixture
def account(database_url, transactional_db, django_user_model):
    """A member of staff, whose password is kept as a deployment keeps it."""
    password = PBKDF2PasswordHasher().encode("password", "salt")
    django_user_model.objects.create(username="admin", password=password, is_staff=True, is_superuser=True)
    return database_url


def sign_in(**headers):
    """The requests of someone who signs in with a browser that sends these headers."""
    form = {"username": "admin", "password": "password"}
    return (
        get("/manage/login/", **BEHIND),
        {"method": "POST", "path": "/manage/login/?next=/manage/", "headers": BEHIND | headers, "data": form},
    )


def test_the_probe_is_answered_whatever_its_host_without_tls_and_without_a_database(ask):
    known, head, elsewhere = ask(
        get("/api/health", **PROBE),
        {"method": "HEAD", "path": "/api/health", "headers": PROBE},
        get("/api/v1/jobs/", **PROBE | {"X-Forwarded-Proto": "https"}),
        DATABASE_URL=NOBODY_THERE,
    )
    assert (known["status"], json.loads(known["body"])) == (200, {"status": "alive"})
    assert head["status"] == 200
    assert elsewhere["status"] == 503, "for the rest the database is asked"


def test_it_is_answered_before_anything_else(settings):
    assert settings.MIDDLEWARE[0] == "jobs.middleware.HealthProbeMiddleware"
    assert reverse("nightshift_api:health") == middleware.HEALTH


def test_only_the_sites_own_name_is_served(ask, account):
    [refused] = ask(get("/manage/login/", **BEHIND | PROBE), DATABASE_URL=account)
    assert refused["status"] == 400


def test_plain_http_is_sent_to_https(ask, account):
    [answer] = ask(get("/manage/login/", **BEHIND | {"X-Forwarded-Proto": "http"}), DATABASE_URL=account)
    assert (answer["status"], answer["headers"]["Location"]) == (301, "https://jobs.example.com/manage/login/")


def test_a_form_from_the_sites_own_origin_is_taken(ask, account):
    page, answer = ask(*sign_in(Origin="https://jobs.example.com"), DATABASE_URL=account)
    assert page["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert page["cookies"]["csrftoken"]["secure"]
    assert (answer["status"], answer["headers"]["Location"]) == (302, "/manage/")
    session = answer["cookies"]["sessionid"]
    assert (session["secure"], session["httponly"], session["samesite"]) == (True, True, "Lax")


def test_a_form_from_elsewhere_is_refused(ask, account):
    origins = ["https://evil.example.com", "http://jobs.example.com", "null"]
    answers = ask(*(request for origin in origins for request in sign_in(Origin=origin)), DATABASE_URL=account)
    assert [answer["status"] for answer in answers] == [200, 403] * 3


def test_a_form_from_a_trusted_origin_is_taken(ask, account):
    trusted = "https://front.example.com"
    _, answer = ask(*sign_in(Origin=trusted), DATABASE_URL=account, CSRF_TRUSTED_ORIGINS=trusted)
    assert answer["status"] == 302


def test_no_password_opens_the_api(ask, account):
    """A session does: passwords are tried at the page that signs in, and nowhere else."""
    basic = "Basic YWRtaW46cGFzc3dvcmQ="
    refused, *_, read = ask(
        get("/api/v1/runs/", **BEHIND | {"Authorization": basic}),
        *sign_in(Origin="https://jobs.example.com"),
        get("/api/v1/runs/", **BEHIND),
        DATABASE_URL=account,
    )
    assert (refused["status"], read["status"]) == (401, 200)
    assert refused["headers"]["WWW-Authenticate"] == 'Bearer realm="Nightshift"', "no browser asks for a password"
