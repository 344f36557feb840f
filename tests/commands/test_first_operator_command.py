import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def named(monkeypatch):
    monkeypatch.setenv("JOBS_ADMIN_USERNAME", "ada")
    monkeypatch.setenv("JOBS_ADMIN_PASSWORD", "correct horse battery")


def test_the_first_person_may_sign_in(client, capsys):
    call_command("first_operator")
    assert capsys.readouterr().out == "ada now has an account.\n"
    assert client.login(username="ada", password="correct horse battery")
    assert get_user_model().objects.get().is_superuser


def test_an_account_that_is_there_keeps_its_password(client, capsys, monkeypatch):
    call_command("first_operator")
    monkeypatch.setenv("JOBS_ADMIN_PASSWORD", "another one")
    call_command("first_operator")
    assert capsys.readouterr().out.splitlines()[-1] == "ada already has an account."
    assert client.login(username="ada", password="correct horse battery")


def test_a_reference_that_was_not_read_becomes_nobodys_password(monkeypatch):
    monkeypatch.setenv("JOBS_ADMIN_PASSWORD", "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/admin)")
    with pytest.raises(CommandError, match=r"^JOBS_ADMIN_PASSWORD couldn't be read from the Key Vault"):
        call_command("first_operator")
    assert not get_user_model().objects.exists()


def test_without_a_password_it_says_what_is_missing(monkeypatch):
    monkeypatch.delenv("JOBS_ADMIN_PASSWORD")
    with pytest.raises(CommandError) as error:
        call_command("first_operator")
    assert str(error.value) == "JOBS_ADMIN_USERNAME or JOBS_ADMIN_PASSWORD is not set. Set both."
