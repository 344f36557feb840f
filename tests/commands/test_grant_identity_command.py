"""The role of an identity, in a real PostgreSQL. Its function `pgaadauth_create_principal` is a stand-in, which makes a
role as Azure's does: only a Flexible Server has the real one."""

import os
import re
import subprocess
import sys
import tempfile

import psycopg
import pytest
from django.conf import settings

from tests.helpers.postgres import Server

STAND_IN = """
    CREATE FUNCTION pgaadauth_create_principal(name text, is_admin boolean, is_mfa boolean) RETURNS text
    LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('CREATE ROLE %I LOGIN', name); RETURN name; END $$
"""


@pytest.fixture(scope="module")
def bare_server():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(f"{folder}/postgres")
        with server.connect() as connection:
            connection.execute("CREATE DATABASE nightshift")
        manage(server, "migrate", "--verbosity", "0")
        yield server
        server.remove()


@pytest.fixture
def server(bare_server):
    with bare_server.connect() as connection:
        connection.execute("DROP FUNCTION IF EXISTS pgaadauth_create_principal")
        connection.execute(STAND_IN)
    return bare_server


def address(server, database, role=None):
    url = server.url.replace("/postgres?", f"/{database}?")
    return re.sub(r"//[^@/]*@", f"//{role}@", url) if role else url


def manage(server, *words, database="nightshift", role=None, schema=""):
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": address(server, database, role), "JOBS_SCHEMA": schema},
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_a_dry_run_prints_the_sql_and_changes_nothing(server):
    done = manage(server, "grant_identity", 'night"app', "--dry-run")
    assert done.stdout.splitlines()[:4] == [
        "-- in the database postgres",
        "SELECT pgaadauth_create_principal('night\"app', false, false);",
        "-- in the database nightshift",
        'GRANT CONNECT ON DATABASE "nightshift" TO "night""app";',
    ]
    with server.connect() as connection:
        assert not connection.execute("SELECT FROM pg_roles WHERE rolname LIKE 'night%'").fetchone()


def test_a_dry_run_shows_the_rights_on_a_schema_of_our_own(server):
    said = manage(server, "grant_identity", "app", "--may-migrate", "--dry-run", schema="jobs_ledger").stdout
    shared, ours = said.split("-- once `migrate` has created the schema jobs_ledger\n")
    assert 'GRANT CREATE ON DATABASE "nightshift" TO "app";' in shared
    assert ours.count("jobs_ledger") == ours.count("\n") == shared.count('"public"') == 6


def test_with_its_object_id_the_other_function_is_asked(server):
    done = manage(server, "grant_identity", "app", "--object-id", "1234", "--dry-run")
    assert done.stdout.splitlines()[1] == (
        "SELECT pgaadauth_create_principal_with_oid('app', '1234', 'service', false, false);"
    )


def test_the_role_may_read_and_write_and_make_no_table(server):
    done = manage(server, "grant_identity", "app")
    assert (done.returncode, done.stdout) == (
        0,
        "app now has its role, and can read and write the tables of nightshift.\n",
    ), done.stderr
    again = manage(server, "grant_identity", "app")
    assert again.stdout == "app already had its role, and can read and write the tables of nightshift.\n"
    url = server.url.replace("/postgres?", "/nightshift?")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE TABLE later (id serial PRIMARY KEY)")
        owner.execute("SET ROLE app")
        owner.execute("INSERT INTO nightshift_event (at, job, kind, by, message) VALUES (now(), '', 'release', '', '')")
        owner.execute("SELECT nightshift_prune_events(array_agg(id)) FROM nightshift_event")
        owner.execute("INSERT INTO later DEFAULT VALUES")
        forbidden_statements = ("CREATE TABLE mine ()", "DROP TABLE nightshift_event", "TRUNCATE nightshift_event")
        for forbidden in (*forbidden_statements, "CREATE ROLE other"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute(forbidden)


def test_an_identity_that_migrates_may_make_tables(server):
    assert manage(server, "grant_identity", "deployer", "--may-migrate").stdout == (
        "deployer now has its role, and can read and write the tables of nightshift, and migrate them.\n"
    )
    with psycopg.connect(server.url.replace("/postgres?", "/nightshift?"), autocommit=True) as owner:
        owner.execute("SET ROLE deployer")
        owner.execute("CREATE TABLE its_own ()")


def an_existing_database(server, name, owner):
    with server.connect() as connection:
        connection.execute(f"CREATE ROLE {owner} LOGIN")
        connection.execute(f"CREATE DATABASE {name} OWNER {owner}")


def start(server, database, schema):
    """What the container's start does, as the role that migrates; then the app writes a row."""
    for words in (["migrate", "--verbosity", "0"], ["grant_identity", f"app_{database}"]):
        done = manage(server, *words, database=database, role=f"migration_{database}", schema=schema)
        assert (done.returncode, done.stderr) == (0, "")
    with psycopg.connect(address(server, database, f"app_{database}"), autocommit=True) as app:
        app.execute(f"SET search_path = public, {schema or 'public'}")
        assert app.execute("SELECT to_regclass('public.nightshift_event') IS NULL").fetchone() == (bool(schema),)
        app.execute("INSERT INTO nightshift_event (at, job, kind, by, message) VALUES (now(), '', 'release', '', '')")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("DROP TABLE nightshift_event")


@pytest.mark.parametrize(("database", "schema"), [("shop", ""), ("depot", "jobs_ledger")])
def test_in_an_existing_database_the_two_roles_are_all_that_a_start_needs(server, database, schema):
    an_existing_database(server, database, f"{database}_owner")
    manage(server, "grant_identity", f"migration_{database}", "--may-migrate", database=database, schema=schema)
    said = manage(server, "grant_identity", f"app_{database}", database=database, schema=schema).stdout
    assert (f"The schema {schema} isn't there yet. Run this again after `manage.py migrate`" in said) == bool(schema)
    start(server, database, schema)


def test_with_a_project_s_tables_in_it_the_start_acts_as_their_owner(server):
    an_existing_database(server, "store", "store_owner")
    assert manage(server, "migrate", "--verbosity", "0", "auth", database="store", role="store_owner").returncode == 0
    manage(server, "grant_identity", "migration_store", "--may-migrate", database="store")
    manage(server, "grant_identity", "app_store", database="store")
    with server.connect() as connection:
        connection.execute("GRANT store_owner TO migration_store")
        connection.execute("ALTER ROLE migration_store SET role = 'store_owner'")
    start(server, "store", "jobs_ledger")


def test_a_server_that_is_none_of_azures_is_reported(server):
    with server.connect() as connection:
        connection.execute("DROP FUNCTION pgaadauth_create_principal")
    done = manage(server, "grant_identity", "stranger")
    assert done.stderr == (
        "CommandError: This server has no pgaadauth_create_principal: it isn't in Azure, or Entra authentication "
        "is off. Turn it on, or create the role with CREATE ROLE.\n"
    )
