"""`manage.py doctor`: a line for each check, and what to fix."""

import importlib
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.db.backends.postgresql.base import DatabaseWrapper

from jobs import declare
from jobs.azure import health, identity, image
from jobs.azure.postgresql.base import DatabaseWrapper as EntraWrapper
from jobs.checks import host
from jobs.choices import Status
from jobs.execution import tick
from jobs.execution.isolation.client import server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.health import answers, bloat, doctor
from jobs.ledger import doorbell, migration_gate, sql
from jobs.models import LastTick, Run
from tests.azure.conftest import fresh_client
from tests.helpers.processes import until
from tests.helpers.rows import a_run, an_override, output_text

pytestmark = pytest.mark.django_db
CHECKS = {**doctor.OF_DATABASE, **doctor.OTHERS, **health.CHECKS}


@pytest.fixture(autouse=True)
def all_is_well(monkeypatch, declared):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    monkeypatch.setattr(server, "start", lambda: None)
    monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", "32")
    for name in list(os.environ):
        if name.startswith("AzureWebJobsStorage") or name == "WEBSITE_TIME_ZONE":
            monkeypatch.delenv(name)
    tick.tick()


def says(check):
    """What the doctor says of one check, and whether all is well with it."""
    finding = answers.finding(check, CHECKS[check])
    return finding.ok, finding.says


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


def test_a_laptop_is_not_asked_for_threads(settings, monkeypatch):
    monkeypatch.delenv("PYTHON_THREADPOOL_THREAD_COUNT", raising=False)
    settings.LOCAL = True
    assert says("threads") == (True, "LOCAL=1: the local host sees to them")


def test_programs_read_it_as_json(capsys):
    call_command("doctor", "--format", "json")
    found = json.loads(capsys.readouterr().out)
    assert {"check": "migrations", "ok": True, "says": "all are applied"} in found
    assert len(found) == len(CHECKS)


def test_findings_of_djangos_own_checks():
    declare("nightly", command="succeeds", schedule="soon")
    ok, sentence = says("settings")
    assert not ok
    assert "nightly" in sentence
    assert not says("schedules")[0]


def test_no_schedule(declared):
    from jobs.declarations.registry import registry

    registry.clear()
    assert says("schedules") == (
        False,
        "No job has a schedule. Is the app with your schedule.py in INSTALLED_APPS?",
    )


def test_disabled_functions_are_told(monkeypatch):
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "1")
    assert says("schedules") == (True, "1 job with a schedule; disabled in Azure: nightly")


def test_an_override_that_cant_be_read_here(declared):
    declared("hourly", command="succeeds", schedule="0 0 * * * *")
    for job in ("hourly", "nightly"):
        an_override(job, time_zone="Mars/Olympus")
    assert says("overrides") == (
        False,
        "The override of nightly can't be read: There is no time zone 'Mars/Olympus'. Write an IANA name like "
        "'Europe/Berlin'. It doesn't apply. End it with `manage.py override JOB --end`. And 1 more override: "
        "`manage.py drift`.",
    )


def test_a_zone_of_the_host(monkeypatch):
    monkeypatch.setattr(host, "environment_at_start", lambda: {"WEBSITE_TIME_ZONE": "Europe/Berlin"})
    assert says("time zone") == (
        False,
        "WEBSITE_TIME_ZONE is 'Europe/Berlin': the host would read all schedules in that zone, but timers have "
        "theirs in UTC. Occurrences would be late, until the tick finds them. Remove the setting WEBSITE_TIME_ZONE. "
        "Set a job's zone with time_zone, or the default with TIME_ZONE.",
    )


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
        "connections": "Not checked: no database.",
        "bloat": "Not checked: no database.",
        "tick": "Not checked: no database.",
    }


def test_pending_migrations(monkeypatch):
    monkeypatch.setattr(migration_gate, "pending", lambda: ["nightshift.0002_last_tick"])
    assert says("migrations") == (
        False,
        "nightshift.0002_last_tick is not applied to the database: nothing runs until `manage.py migrate` has been "
        "run.",
    )


def test_more_connections_than_the_server_has(settings):
    settings.JOBS_MAX_INSTANCES = 20
    ok, sentence = says("connections")
    assert not ok
    assert sentence.startswith("The app may need 740 database connections at its peak, ")


def test_a_fork_server_that_does_not_load(monkeypatch):
    def fail():
        raise ForkServerFailed(
            "The fork server can't load the project: Traceback\nImportError: no module named nothing"
        )

    monkeypatch.setattr(server, "start", fail)
    assert says("fork server") == (False, "ImportError: no module named nothing")


def test_a_queue_that_cannot_be_reached(monkeypatch):
    monkeypatch.setattr(doorbell.LocalDoorbell, "problem", lambda self: "The queue jobs-runs can't be reached: no.")
    assert says("queue") == (False, "The queue jobs-runs can't be reached: no.")


def test_host_json_and_the_settings_disagree(settings):
    settings.JOBS_MAX_RUNNING = 8
    assert says("batch") == (
        False,
        "The host takes 4 messages at once (queues.batchSize of host.json, or the setting that overrides it), and "
        "JOBS_MAX_RUNNING is 8. Make them the same, and queues.newBatchThreshold one less.",
    )


def test_a_setting_overrules_host_json_as_terraform_does_it(settings, monkeypatch):
    settings.JOBS_MAX_RUNNING = 8
    monkeypatch.setenv("AzureFunctionsJobHost__extensions__queues__batchSize", "8")
    assert says("batch") == (True, "8 messages at once, as many as runs")


def test_a_host_json_that_cannot_be_read_is_a_finding(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "host.json").write_text("version: 2.0")
    assert says("batch") == (
        False,
        "host.json is not JSON: Expecting value: line 1 column 1 (char 0). Write it as JSON.",
    )


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
        "tick": "ProgrammingError: permission denied for table django_migrations",
    }


def test_a_storage_setting_that_is_no_connection_string(monkeypatch, settings):
    settings.JOBS_DOORBELL = "jobs.azure.queue.QueueDoorbell"
    monkeypatch.setenv("AzureWebJobsStorage", "UseDevelopmentStorage")
    fresh_client(monkeypatch)
    assert says("queue") == (
        False,
        "The queue jobs-runs can't be reached: AzureWebJobsStorage is not a connection string. Copy it again from the "
        "storage account, or remove it and set AzureWebJobsStorage__accountName.",
    )


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


@pytest.mark.django_db
def test_clocks_that_differ(database_clock):
    database_clock.set(ahead=timedelta(minutes=-4))
    assert says("clocks") == (
        False,
        "This host's clock is 4 min ahead of the database's, by which jobs are due: timers fire early. "
        "Let both keep time by NTP.",
    )


@pytest.mark.django_db
def test_a_jump_of_the_databases_clock():
    LastTick.objects.all().delete()
    assert says("clocks") == (True, "this host's and the database's agree")
    jumped_at = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
    LastTick.objects.update_or_create(id=1, defaults={"jumped_at": jumped_at, "jump": timedelta(minutes=4)})
    assert says("clocks") == (
        True,
        "this host's and the database's agree; the database's was set ahead by 4 min, as a tick found at "
        "2026-03-14 12:00:00Z",
    )


def test_a_token_is_asked_for_where_the_database_takes_one(monkeypatch):
    assert says("identity") == (True, "none is used: neither the database nor the queue needs one")
    monkeypatch.setattr(DatabaseWrapper, "uses_entra", EntraWrapper.uses_entra, raising=False)
    asked = []
    monkeypatch.setattr(identity, "problem", lambda scope, client_id: asked.append((scope, client_id)) or "")
    monkeypatch.setenv("AZURE_CLIENT_ID", "the app's")
    assert says("identity") == (True, "a token for PostgreSQL")
    assert asked == [(identity.POSTGRESQL, "the app's")]


def test_how_many_rows_are_dead_where_vacuum_keeps_up():
    ok, said = says("bloat")
    assert ok
    assert re.fullmatch(
        r"no row of the ledger is dead|vacuum keeps up: [\d,]+ dead rows? in nightshift_\w+ \(\d+%\), in others fewer",
        said,
    )


@pytest.mark.django_db(transaction=True)
def test_dead_rows_that_vacuum_leaves_are_reported_with_what_to_run(monkeypatch):
    monkeypatch.setattr(bloat, "FEW", 0)
    monkeypatch.setattr(bloat, "SHARE", 0)

    def is_reported():
        a_run().delete()
        sql.value("SELECT pg_stat_force_next_flush()")
        return not says("bloat")[0]

    until(is_reported)
    assert re.search(
        r"^(nightshift_\w+) has [\d,]+ dead rows? \(\d+%\), and vacuum last ended there (never|.* ago)\. "
        r"Run `VACUUM \(ANALYZE\) \1`; ",
        says("bloat")[1],
    )
