"""`manage.py doctor`: a line for each check, and what to fix."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from jobs.azure import health
from jobs.choices import Status
from jobs.health import doctor
from jobs.ledger import migration_gate, sql
from jobs.models import Run
from tests.helpers.doctor import CHECKS, all_is_well  # noqa: F401 — a fixture
from tests.helpers.rows import output_text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_well")]


def test_a_sound_deployment_has_a_line_for_each_check(capsys):
    call_command("doctor")
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok     ") for line in lines)
    assert [line[7:19].strip() for line in lines] == list(CHECKS)
    assert "ok     schedules     1 job with a schedule" in lines
    assert "ok     time zone     the host's is UTC, the jobs' default UTC" in lines
    assert "ok     queue         jobs.ledger.doorbell.LocalDoorbell" in lines
    assert "ok     batch         4 messages at once, as many as runs" in lines
    assert "ok     threads       32, for 4 runs at once" in lines


def test_a_fault_makes_it_end_with_1(monkeypatch, capsys):
    monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", "5")
    with pytest.raises(CommandError) as caught:
        call_command("doctor")
    assert str(caught.value) == f"1 of {len(CHECKS)} checks failed."
    assert caught.value.returncode == 1
    assert (
        "WRONG  threads       The worker has 5 threads for HTTP, timers and 4 runs at once. "
        "Set PYTHON_THREADPOOL_THREAD_COUNT to 16 or more." in capsys.readouterr().out.splitlines()
    )


def test_programs_read_it_as_json(capsys):
    call_command("doctor", "--format", "json")
    found = json.loads(capsys.readouterr().out)
    assert {"check": "migrations", "ok": True, "says": "all are applied"} in found
    assert len(found) == len(CHECKS)


def test_no_database(monkeypatch):
    def away(*_):
        raise OperationalError("connection failed: Connection refused\nIs it up?")

    monkeypatch.setattr(sql, "value", away)
    monkeypatch.setattr(sql, "rows", away)
    monkeypatch.setattr(migration_gate, "pending", away)
    found = {finding.check: finding.says for finding in doctor.findings(health.CHECKS) if not finding.ok}
    assert found == {
        "database": "It can't be reached: connection failed: Connection refused. Check DATABASE_URL, the firewall and "
        "the role.",
        "migrations": "Not checked: no database.",
        "clocks": "Not checked: no database.",
        "ledgers": "Not checked: no database.",
        "overrides": "Not checked: no database.",
        "hold": "Not checked: no database.",
        "connections": "Not checked: no database.",
        "bloat": "Not checked: no database.",
        "statistics": "Not checked: no database.",
        "tick": "Not checked: no database.",
    }


def test_what_a_check_trips_over_is_its_finding_without_secrets(monkeypatch):
    """All others are asked too."""

    def trip():
        raise LookupError("The key is\ncorrect horse.")

    monkeypatch.setenv("SECRET_KEY", "correct horse")
    monkeypatch.setitem(doctor.OTHERS, "queue", trip)
    found = {finding.check: finding.says for finding in doctor.findings(health.CHECKS) if not finding.ok}
    assert found == {"queue": "LookupError: The key is ********."}


@pytest.mark.django_db(transaction=True)
def test_a_role_without_rights_is_a_finding(role_without_rights):
    found = {finding.check: finding.says for finding in doctor.findings(health.CHECKS) if not finding.ok}
    assert found == {
        "migrations": "ProgrammingError: permission denied for table django_migrations",
        "clocks": "ProgrammingError: permission denied for table django_migrations",
        "ledgers": "ProgrammingError: permission denied for table nightshift_jobstate",
        "overrides": "ProgrammingError: permission denied for table nightshift_intervention",
        "hold": "ProgrammingError: permission denied for table nightshift_intervention",
        "statistics": "ProgrammingError: permission denied for table django_migrations",
        "tick": "ProgrammingError: permission denied for table django_migrations",
    }


@pytest.mark.django_db(transaction=True)
def test_as_a_job_it_looks_at_the_worker_that_it_comes_from(worker, project_jobs, monkeypatch):
    """The run's own process has TZ as Django wrote it into the worker's environment."""
    monkeypatch.undo()  # the fork server is the real one
    monkeypatch.setenv("TZ", "Europe/Berlin")
    run = Run.objects.create(job="doctor", trigger="manual", requested_by="a test")
    worker.execute(run.pk)
    run.refresh_from_db()
    said = output_text(run.attempts.get())
    assert "ok     fork server   it loads the project: this run comes from it\n" in said
    assert "ok     time zone     the host's is UTC, the jobs' default UTC\n" in said
    assert "ok     migrations    all are applied\n" in said
    assert said.count("ok     ") == len(CHECKS)
    assert run.status == Status.SUCCEEDED
