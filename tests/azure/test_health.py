"""What the doctor says of what only Azure has: the image, identities and the Storage Queue."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from django.db.backends.postgresql.base import DatabaseWrapper

from jobs.azure import identity, image
from jobs.azure.postgresql.base import DatabaseWrapper as EntraWrapper
from tests.azure.conftest import fresh_client
from tests.helpers.doctor import all_is_well, says  # noqa: F401 — a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_well")]


def test_packages_that_come_from_elsewhere(tmp_path, settings):
    import django

    settings.BASE_DIR = tmp_path
    ours = tmp_path / image.PACKAGES
    ours.mkdir(parents=True)
    assert says("packages") == (
        False,
        f"django comes from {Path(django.__file__).parent}, not from {ours}: the worker's own packages come first. "
        f"Set PYTHONPATH to {ours}, as the Dockerfile does.",
    )


@pytest.fixture
def compiled(tmp_path, settings, monkeypatch):
    """Import a module of an image, whose byte code was made in this way beforehand."""

    def load(*options):
        settings.BASE_DIR = tmp_path
        (tmp_path / image.PACKAGES).mkdir(parents=True)
        (tmp_path / "of_the_image.py").touch()
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setattr(sys, "dont_write_bytecode", False)
        if options:
            subprocess.run([sys.executable, "-m", "compileall", "-q", *options, tmp_path], check=True)
        importlib.import_module("of_the_image")
        return tmp_path / "of_the_image.py"

    yield load
    sys.modules.pop("of_the_image", None)


def test_byte_code_of_the_build(compiled):
    compiled("--invalidation-mode", "unchecked-hash")
    assert says("byte code") == (True, "1 module, and the build made it for all of them")


@pytest.mark.parametrize("options", [(), ("--invalidation-mode", "timestamp")])
def test_byte_code_that_an_import_has_written_is_not_the_builds(compiled, options):
    module = compiled(*options)
    assert Path(importlib.util.cache_from_source(module)).exists()
    assert says("byte code") == (
        False,
        f"The build made none for 1 of 1 module, such as {module}: a start takes three times as long. Run `python -m "
        "compileall --invalidation-mode unchecked-hash`, as the Dockerfile does.",
    )


def test_an_identity_that_gets_no_token(monkeypatch):
    from azure.core.exceptions import ClientAuthenticationError

    class Nobody:
        def get_token(self, scope):
            raise ClientAuthenticationError("No managed identity endpoint found.\nMore.")

    monkeypatch.setenv("AzureWebJobsStorage__accountName", "nightshift")
    monkeypatch.setattr(identity, "credential", lambda client_id: Nobody())
    assert says("identity") == (
        False,
        "No token for https://storage.azure.com/.default: No managed identity endpoint found. In Azure, give the app "
        "an identity (and AZURE_CLIENT_ID for a user-assigned one). On a laptop: az login.",
    )


def test_a_token_is_asked_for_where_the_database_takes_one(monkeypatch):
    assert says("identity") == (True, "none is used: neither the database nor the queue needs one")
    monkeypatch.setattr(DatabaseWrapper, "uses_entra", EntraWrapper.uses_entra, raising=False)
    asked = []
    monkeypatch.setattr(identity, "problem", lambda scope, client_id: asked.append((scope, client_id)) or "")
    monkeypatch.setenv("AZURE_CLIENT_ID", "the app's")
    assert says("identity") == (True, "a token for PostgreSQL")
    assert asked == [(identity.POSTGRESQL, "the app's")]


def test_a_storage_setting_that_is_no_connection_string(monkeypatch, settings):
    settings.JOBS_DOORBELL = "jobs.azure.queue.QueueDoorbell"
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage")
    fresh_client(monkeypatch)
    assert says("queue") == (
        False,
        "The queue jobs-runs can't be reached: AzureWebJobsStorage is not a connection string. Copy it again from the "
        "storage account, or remove it and set AzureWebJobsStorage__accountName.",
    )
