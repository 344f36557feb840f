"""What `manage.py check` says of loading the project once for all runs."""

import pytest

from jobs.checks import loading


def told(check):
    return [(message.id, message.msg) for message in check()]


CLOCKS = """
import datetime as dt
from datetime import date
from django.utils import timezone

TODAY = date.today()
class Row:
    at = timezone.now()
def since(day=dt.datetime.now().date()):
    return timezone.now()
LATER = [lambda: date.today()]
"""


@pytest.fixture
def command(tmp_path, monkeypatch, declared):
    """Declare a job for a command with this source."""
    folder = tmp_path / "clockwork" / "management" / "commands"
    folder.mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(loading, "get_commands", lambda: {"reads": "clockwork"})

    def write(source, **rules):
        (folder / "reads.py").write_text(source)
        declared("reads", **rules)

    return write


def test_clocks_that_are_read_at_import_are_reported(command):
    command(CLOCKS)
    found = "clockwork.management.commands.reads, line {}: {} is computed when the module is imported, which may be an hour before the run."  # noqa: E501
    assert told(loading.clocks) == [
        ("jobs.W015", found.format(6, "date.today()")),
        ("jobs.W015", found.format(8, "timezone.now()")),
        ("jobs.W015", found.format(9, "dt.datetime.now()")),
    ]


def test_a_fresh_run_may_read_the_clock_at_import(command):
    command(CLOCKS, isolation="fresh")
    assert told(loading.clocks) == []


def test_a_project_that_loads_has_nothing_to_report():
    assert told(loading.loading) == []


def test_threads_that_loading_starts_are_reported(guest):
    guest(ready="import threading, time\nthreading.Thread(target=time.sleep, args=[60], name='poller').start()")
    assert told(loading.loading) == [
        ("jobs.W014", "Loading the project starts threads: poller. Each run loads the project itself.")
    ]


def test_a_command_that_each_run_imports_is_reported(guest):
    guest(moves=("import os\nos.chdir('/')", "pass"))
    assert told(loading.loading) == [
        (
            "jobs.I001",
            "The command 'moves' is imported by each of its runs: its import changes the working directory.",
        )
    ]


def test_a_project_that_does_not_load_is_an_error(guest):
    guest(ready="raise SystemExit('settings are missing')")
    [(number, message)] = told(loading.loading)
    assert number == "jobs.E023"
    assert message.endswith("SystemExit: settings are missing")
