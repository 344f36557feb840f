"""Settings by which nobody could sign in."""

import pytest

from jobs.checks.sign_in import openid

BOTH = {"JOBS_OIDC_CLIENT_ID": "nightshift", "JOBS_OIDC_CLIENT_SECRET": "not-a-secret"}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "JOBS_OIDC_CLIENT_ID and JOBS_OIDC_CLIENT_SECRET are not"),
        ({"JOBS_OIDC_CLIENT_ID": "nightshift"}, "JOBS_OIDC_CLIENT_SECRET is not"),
        ({"JOBS_OIDC_CLIENT_SECRET": "not-a-secret"}, "JOBS_OIDC_CLIENT_ID is not"),
    ],
)
def test_an_issuer_without_the_id_or_secret_of_this_site_is_an_error(settings, given, missing):
    settings.JOBS_OIDC_ISSUER = "https://sso.example.com"
    for name in BOTH:
        setattr(settings, name, given.get(name, ""))
    [error] = openid()
    assert (error.id, error.msg) == (
        "jobs.E029",
        f"JOBS_OIDC_ISSUER is set, and {missing}: nobody could sign in there.",
    )


@pytest.mark.parametrize("issuer", ["", "https://sso.example.com"])
def test_an_issuer_with_both_and_none_at_all_are_fine(settings, issuer):
    settings.JOBS_OIDC_ISSUER = issuer
    for name, value in BOTH.items():
        setattr(settings, name, value if issuer else "")
    assert openid() == []
