"""A project that was written for a server of its own gets what a function app in Azure needs."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from jobs.beside import add_nightshift

VARIABLES = ("LOCAL", "DATABASE_ENTRA", "DATABASE_URL", "WEBSITE_HOSTNAME", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS")


@pytest.fixture
def added(monkeypatch):
    """The settings that a project gets, by the environment of its function app."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)

    def add(settings=None, **environment):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings = {"ALLOWED_HOSTS": ["shop.example.com"], "DATABASES": {"other": {}}, **(settings or {})}
        add_nightshift(settings)
        return settings

    return add


def test_the_database_is_reached_by_the_apps_identity_where_terraform_says_so(added):
    found = added(DATABASE_ENTRA="1", DATABASE_URL="postgresql://app@db.example.com:5432/shop")["DATABASES"]
    assert found["default"]["ENGINE"] == "jobs.azure.postgresql"
    assert (found["default"]["USER"], found["default"]["HOST"]) == ("app", "db.example.com")
    assert "other" in found


def test_without_that_the_database_is_the_projects(added):
    theirs = {"default": {"NAME": "theirs"}}
    assert added({"DATABASES": theirs}, DATABASE_URL="postgresql://app@db.example.com/shop")["DATABASES"] == theirs


def test_an_administrator_signs_in_by_identity_from_a_laptop_too(added):
    found = added(LOCAL="1", DATABASE_ENTRA="1", DATABASE_URL="postgresql://ada@db.example.com/shop")
    assert found["DATABASES"]["default"]["ENGINE"] == "jobs.azure.postgresql"


def test_it_is_served_by_tls_under_azures_name_and_its_own(added):
    found = added(
        WEBSITE_HOSTNAME="shop.azurewebsites.net",
        ALLOWED_HOSTS="jobs.example.com",
        CSRF_TRUSTED_ORIGINS="https://jobs.example.com",
    )
    assert found["ALLOWED_HOSTS"] == ["shop.example.com", "jobs.example.com", "shop.azurewebsites.net"]
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://jobs.example.com", "https://shop.azurewebsites.net"]
    assert found["SESSION_COOKIE_SECURE"]
    assert found["SECURE_SSL_REDIRECT"]


def test_what_the_project_sets_of_it_stays(added):
    assert added({"SECURE_HSTS_SECONDS": 60})["SECURE_HSTS_SECONDS"] == 60


def test_a_laptop_has_no_tls(added):
    found = added(LOCAL="1")
    assert "localhost" in found["ALLOWED_HOSTS"]
    assert "SECURE_SSL_REDIRECT" not in found


def test_a_key_that_the_vault_didnt_give_stops_the_start(added):
    with pytest.raises(ImproperlyConfigured, match="SECRET_KEY couldn't be read from the Key Vault"):
        added({"SECRET_KEY": "@Microsoft.KeyVault(SecretUri=https://x)"})
