"""Headers, sessions and forms behind Azure's front end, which ends TLS and tells so in a header."""

import logging

import pytest
from django.test import Client

from jobs import masking

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
BEHIND = {"X-Forwarded-Proto": "https", "Host": "jobs.example.com"}


@pytest.fixture
def behind_the_front_end(settings):
    """The settings of a deployment that these tests are about (`LOCAL` leaves them out)."""
    settings.ALLOWED_HOSTS = ["jobs.example.com"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    return Client(enforce_csrf_checks=True, headers=BEHIND)


@pytest.mark.django_db
def test_every_page_says_what_a_browser_may_do_with_it(client):
    headers = client.get("/manage/login/").headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def sign_in(client, **headers):
    token = client.get("/manage/login/").cookies["csrftoken"].value
    form = {"username": "admin", "password": "password", "csrfmiddlewaretoken": token}
    return client.post("/manage/login/?next=/manage/", form, headers=headers)


def test_a_form_from_the_sites_own_origin_is_taken(behind_the_front_end, admin_user):
    answer = sign_in(behind_the_front_end, origin="https://jobs.example.com")
    assert (answer.status_code, answer["Location"]) == (302, "/manage/")
    assert answer.cookies["sessionid"]["secure"]
    assert answer.cookies["sessionid"]["httponly"]
    assert answer.cookies["sessionid"]["samesite"] == "Lax"


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://jobs.example.com", "null"])
def test_a_form_from_elsewhere_is_refused(behind_the_front_end, admin_user, origin):
    assert sign_in(behind_the_front_end, origin=origin).status_code == 403


def test_a_form_from_a_trusted_origin_is_taken(behind_the_front_end, admin_user, settings):
    settings.CSRF_TRUSTED_ORIGINS = ["https://front.example.com"]
    assert sign_in(behind_the_front_end, origin="https://front.example.com").status_code == 302


@pytest.mark.django_db
def test_plain_http_is_sent_to_https(behind_the_front_end):
    answer = behind_the_front_end.get("/manage/login/", headers={"X-Forwarded-Proto": "http"})
    assert (answer.status_code, answer["Location"]) == (301, "https://jobs.example.com/manage/login/")


def test_the_key_of_a_connection_string_is_a_secret_whatever_its_variable_is_called(monkeypatch):
    text = "DefaultEndpointsProtocol=https;AccountName=nightshift;AccountKey=c2VjcmV0LWtleQ==;EndpointSuffix=core"
    monkeypatch.setenv("AzureWebJobsStorage", text)
    assert "c2VjcmV0LWtleQ==" in masking.of_environment()
    assert masking.mask(text, masking.of_environment()) == text.replace("c2VjcmV0LWtleQ==", "********")


def test_the_sdks_requests_stay_out_of_the_log(caplog):
    assert not logging.getLogger("azure.core.pipeline.policies.http_logging_policy").isEnabledFor(logging.INFO)
    assert logging.getLogger("azure.identity").isEnabledFor(logging.WARNING)
