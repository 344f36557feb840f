"""PostgreSQL by token: a real server that needs a password (SCRAM), which is the token of a stand-in credential.

The credential stands in because nothing but Azure gives a token, and only Azure's server takes one; how Django hands it
over, and when it asks for a new one, is ours.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from jobs.azure import identity
from jobs.azure.postgresql import base
from mydjango import database
from tests.helpers.postgres import Server


class Credential:
    """Gives the tokens `first`, `second`, … each valid for `lasts` seconds."""

    def __init__(self, lasts=3600, error=None):
        self.lasts = lasts
        self.error = error
        self.asked = []

    def get_token(self, scope):
        if self.error:
            raise self.error
        self.asked.append(scope)
        return AccessToken(f"token-{len(self.asked)}", int(time.time()) + self.lasts)


@pytest.fixture(autouse=True)
def own_server_only(django_db_blocker):
    """Django's guard over the tests' database knows nothing of this one."""
    with django_db_blocker.unblock():
        yield


@pytest.fixture
def credential(monkeypatch):
    """The identity's credential: replace it with another one."""

    def use(credential):
        monkeypatch.setattr(identity, "credential", lambda client_id: credential)
        monkeypatch.setattr(base, "tokens", base.Tokens())
        return credential

    return use


@pytest.fixture(scope="module")
def server():
    """A server on which the role `app` has to give its password."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(f"{folder}/postgres")
        rules = server.folder / "pg_hba.conf"
        rules.write_text("local all app scram-sha-256\n" + rules.read_text())
        with server.connect() as connection:
            connection.execute("CREATE ROLE app LOGIN")
            connection.execute("SELECT pg_reload_conf()")
        yield server
        server.remove()


def the_password_is(server, token):
    with server.connect() as connection:
        connection.execute(f"ALTER ROLE app PASSWORD '{token}'")


def connect(server):
    """A new connection of Django's, by the settings that DATABASE_ENTRA=1 makes."""
    url = f"postgresql://app@/postgres?host={server.socket_dir}"
    wrapper = base.DatabaseWrapper(
        {
            **database.by_entra(url),
            "TIME_ZONE": None,
            "AUTOCOMMIT": True,
            "ATOMIC_REQUESTS": False,
            "HOST": str(server.socket_dir),
            "PORT": "",
            "PASSWORD": "",
        }
    )
    try:
        with wrapper.cursor() as cursor:
            cursor.execute("SELECT current_user")
            return cursor.fetchone()[0]
    finally:
        wrapper.close()


def test_the_token_is_the_password(server, credential):
    stand_in = credential(Credential())
    the_password_is(server, "token-1")
    assert connect(server) == "app"
    assert stand_in.asked == ["https://ossrdbms-aad.database.windows.net/.default"]


def test_without_the_right_token_the_server_refuses(server, credential):
    credential(Credential())
    the_password_is(server, "another")
    with pytest.raises(OperationalError, match="password authentication failed"):
        connect(server)


def test_a_token_serves_for_many_connections(server, credential):
    stand_in = credential(Credential())
    the_password_is(server, "token-1")
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda _: connect(server), range(8))) == ["app"] * 8
    assert len(stand_in.asked) == 1


def test_a_token_that_expires_within_five_minutes_is_replaced_at_the_next_connection(server, credential):
    stand_in = credential(Credential(lasts=299))
    the_password_is(server, "token-1")
    assert connect(server) == "app"
    the_password_is(server, "token-2")
    assert connect(server) == "app"
    assert len(stand_in.asked) == 2


def test_an_identity_that_gets_no_token_looks_like_a_database_that_is_away(server, credential):
    credential(Credential(error=ClientAuthenticationError("No identity found.\nMany more lines.")))
    with pytest.raises(OperationalError) as caught:
        connect(server)
    assert str(caught.value) == "There is no Entra token for PostgreSQL: No identity found."


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "postgresql://app:secret@db.example.com/jobs",
            "DATABASE_ENTRA is 1, and DATABASE_URL has a password. Take it out of the URL.",
        ),
        (
            "postgresql://db.example.com/jobs",
            "DATABASE_ENTRA is 1, and DATABASE_URL names no user. Write the role that `manage.py grant_identity` made: "
            "postgresql://role@host:5432/name.",
        ),
    ],
)
def test_a_url_that_cannot_go_with_a_token_is_refused(url, sentence):
    with pytest.raises(ImproperlyConfigured) as caught:
        database.by_entra(url)
    assert str(caught.value) == sentence


def test_a_token_travels_over_tls_unless_the_url_says_otherwise():
    assert database.by_entra("postgresql://app@db.example.com/jobs")["OPTIONS"]["sslmode"] == "require"
    strict = database.by_entra("postgresql://app@db.example.com/jobs?sslmode=verify-full")
    assert strict["OPTIONS"]["sslmode"] == "verify-full"


def test_one_variable_switches_it_on():
    environment = os.environ | {"DATABASE_ENTRA": "1", "DATABASE_URL": "postgresql://app@db.example.com/jobs"}
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import django; django.setup(); from django.conf import settings; "
            "print(settings.DATABASES['default']['ENGINE'])",
        ],
        cwd=settings.BASE_DIR,
        env=environment | {"DJANGO_SETTINGS_MODULE": "mydjango.settings"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "jobs.azure.postgresql\n"
