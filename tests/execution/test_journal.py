"""Ends kept on disk: recorded once, where the row is still that attempt's, whatever else lies in the directory."""

import json
import os
from datetime import timedelta

import pytest

from jobs.choices import AttemptStatus, Status
from jobs.execution import journal
from jobs.ledger import attempts, claims, instance
from jobs.ledger.attempts import Outcome
from jobs.models import Event, Run
from tests.helpers.rows import a_queued_run

pytestmark = pytest.mark.django_db
SUCCEEDED = Outcome(
    status=AttemptStatus.SUCCEEDED, exit_code=0, result={"rows": 3}, wall=timedelta(seconds=2), cpu=timedelta(seconds=1)
)


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    settings.JOBS_JOURNAL = str(tmp_path / "journal")
    return tmp_path / "journal"


@pytest.fixture
def claim(declared):
    declared("nightly")
    declared("step", after="nightly")
    return claims.claim(a_queued_run().pk, instance.current())


def test_an_end_that_was_kept_is_recorded_with_its_receipt_and_its_steps(claim, folder):
    assert journal.keep(claim, SUCCEEDED)
    assert [ring.run_id for ring in journal.record()] == [Run.objects.get(job="step").pk]
    run = Run.objects.get(pk=claim.run_id)
    attempt = run.attempts.get()
    assert (run.status, run.result) == (Status.SUCCEEDED, {"rows": 3})
    assert (attempt.wall, attempt.cpu, attempt.exit_code) == (timedelta(seconds=2), timedelta(seconds=1), 0)
    assert Event.objects.get(run=run).kind == "end_from_journal"
    assert list(folder.iterdir()) == []


def test_an_end_of_an_attempt_that_is_no_longer_running_changes_nothing(claim, folder):
    journal.keep(claim, SUCCEEDED)
    attempts.finish(claim, Outcome(status=AttemptStatus.LOST))
    assert journal.record() == []
    assert Run.objects.get(pk=claim.run_id).status == Status.LOST
    assert list(folder.iterdir()) == []


def test_an_end_of_another_ledger_stays_where_it_is(claim, folder):
    """Two projects on one machine: their runs may have the same numbers."""
    journal.keep(claim, SUCCEEDED)
    [path] = folder.iterdir()
    entry = json.loads(path.read_text())
    path.write_text(json.dumps(entry | {"supervisor": "elsewhere/1/1"}))
    assert journal.record() == []
    assert Run.objects.get(pk=claim.run_id).status == Status.RUNNING
    assert list(folder.iterdir()) == [path]
    os.utime(path, (0, 0))
    journal.record()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("text", ["", "{", "[]", '{"claim": 3}', '{"claim": {}, "outcome": {}}', "\x00"])
def test_a_damaged_end_is_dropped_and_the_log_says_so(claim, folder, caplog, text):
    journal.keep(claim, SUCCEEDED)
    (folder / "0-damaged.json").write_text(text)
    journal.record()
    assert "dropped from the journal, it can't be read" in caplog.text
    assert Run.objects.get(pk=claim.run_id).status == Status.SUCCEEDED
    assert list(folder.iterdir()) == []


def test_no_more_ends_are_kept_than_the_limit(claim, folder, monkeypatch, caplog):
    monkeypatch.setattr(journal, "LIMIT", 0)
    assert not journal.keep(claim, SUCCEEDED)
    assert "its end isn't kept" in caplog.text


def test_a_directory_of_somebody_else_is_not_trusted(claim, folder, caplog):
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("Only root can give a directory away: run the tests as root.")
    os.chown(folder, 1, 1)
    assert not journal.keep(claim, SUCCEEDED)
    assert journal.record() == []
    assert "isn't a directory of this user" in caplog.text
