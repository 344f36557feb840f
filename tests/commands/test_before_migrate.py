"""Each of our commands where the ledger can't be read yet: one sentence that says what to do, and no traceback."""

import json

import pytest
from django.core.management import get_commands, load_command_class

from jobs.management.ledger_command import LedgerCommand
from tests.helpers.beside import Project, empty_database

COMMANDS = {
    "audit": [],
    "cancel": ["1"],
    "channel": ["on", "ops"],
    "channels": [],
    "drift": [],
    "dst": ["works"],
    "explain": ["works"],
    "first_operator": [],
    "follow": ["1"],
    "grant": ["list"],
    "hold": ["--reason", "a test's"],
    "incident": ["show", "1"],
    "incidents": [],
    "jobs": [],
    "missed": [],
    "next": ["works"],
    "note": ["works", "a note"],
    "output": ["1"],
    "override": ["works", "--end"],
    "pause": ["works"],
    "pin": ["1"],
    "presets": ["works"],
    "prune_runs": [],
    "resume": ["works"],
    "retry": ["1"],
    "rewind": ["works", "--reason", "a test's"],
    "run": ["works"],
    "runs": [],
    "send_digest": [],
    "service-account": ["list"],
    "statistics": [],
    "token": ["list"],
    "try-rule": ["works", "failed"],
    "unpin": ["1"],
    "upcoming": [],
    "who-may": ["works"],
}
ASK_ALL = """
    import json, sys
    from django.core.management import CommandError, call_command

    told = {{}}
    for name, words in {commands}.items():
        try:
            call_command(name, *words)
        except CommandError as error:
            told[name] = str(error)
    json.dump(told, sys.stderr)
"""


def test_all_of_ours_that_ask_the_ledger_are_here():
    ours = [name for name, app in get_commands().items() if app == "jobs"]
    assert {name for name in ours if isinstance(load_command_class("jobs", name), LedgerCommand)} == {
        *COMMANDS,
        "completion",  # it prints a script, and asks nothing
    }


@pytest.fixture
def told(tmp_path):
    """What each command says in a process of its own, by the database's URL."""

    def ask(url, settings=""):
        schedule = "from jobs import declare\ndeclare('works', command='succeeds', schedule='0 0 3 * * *')\n"
        settings = f"INSTALLED_APPS = [*INSTALLED_APPS, 'shop']\n{settings}"
        project = Project(tmp_path, url, settings, {"shop/schedule.py": schedule})
        account = {"JOBS_ADMIN_USERNAME": "ada", "JOBS_ADMIN_PASSWORD": "correct horse"}
        return json.loads(project.script(ASK_ALL.format(commands=COMMANDS), **account).stderr)

    return ask


@pytest.mark.django_db(transaction=True)
def test_before_migrate_each_says_to_migrate(told, database_url):
    with empty_database(database_url, "before_migrate") as url:
        found = told(url)
    assert list(found) == list(COMMANDS)
    for sentence in found.values():
        assert sentence.endswith("more migrations are not applied yet. Run `manage.py migrate` first.")


def test_without_a_database_each_says_to_look_for_it(told):
    found = told("postgresql://nobody@127.0.0.1:1/none")
    assert list(found) == list(COMMANDS)
    for sentence in found.values():
        assert sentence.startswith("The database can't be reached: connection failed: ")
        assert sentence.endswith("Is it running, and is DATABASE_URL right?")
        assert "\n" not in sentence


SQLITE = "{'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}"


def test_on_another_database_each_says_that_it_must_be_postgresql(told, database_url):
    found = told(database_url, f"DATABASES = {{'default': {SQLITE}}}")
    assert list(found) == list(COMMANDS)
    assert set(found.values()) == {
        "The default database is SQLite. Nightshift keeps its ledger in PostgreSQL. "
        "Set DATABASES['default'] to a PostgreSQL database, 15 or newer, with psycopg 3."
    }
