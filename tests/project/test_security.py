"""What keeps pages and secrets safe by default; test_production.py has what only a deployment's settings do."""

import logging

import pytest

from jobs import masking

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


@pytest.mark.django_db
def test_every_page_says_what_a_browser_may_do_with_it(client):
    headers = client.get("/manage/login/").headers
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_icon_that_browsers_ask_for_is_there(client, db):
    answer = client.get("/favicon.ico")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")


def test_the_key_of_a_connection_string_is_a_secret_whatever_its_variable_is_called(monkeypatch):
    text = "DefaultEndpointsProtocol=https;AccountName=nightshift;AccountKey=c2VjcmV0LWtleQ==;EndpointSuffix=core"
    monkeypatch.setenv("AzureWebJobsStorage", text)
    assert "c2VjcmV0LWtleQ==" in masking.of_environment()
    assert masking.mask(text, masking.of_environment()) == text.replace("c2VjcmV0LWtleQ==", "********")


def test_the_sdks_requests_stay_out_of_the_log(caplog):
    assert not logging.getLogger("azure.core.pipeline.policies.http_logging_policy").isEnabledFor(logging.INFO)
    assert logging.getLogger("azure.identity").isEnabledFor(logging.WARNING)
