import pytest
from django.core.management import CommandError

from jobs.choices import Status
from jobs.management.operator import operator
from jobs.models import Run
from tests.helpers.rows import a_run


def test_a_queued_run_is_cancelled_at_once(says):
    run = a_run(status="queued")
    assert says("cancel", str(run.pk)) == f"Run {run.pk} of nightly is cancelled. It was queued.\n"
    run.refresh_from_db()
    assert (run.status, run.cancelled_by) == (Status.CANCELLED, operator())


def test_a_running_run_is_asked_to_end(says):
    run = a_run(status="running")
    assert says("cancel", str(run.pk)) == (
        f"Run {run.pk} of nightly is being cancelled. `manage.py runs nightly` shows when it has ended.\n"
    )
    run.refresh_from_db()
    assert run.status == Status.RUNNING
    assert run.cancel_requested_at is not None


def test_a_run_that_has_ended_stays_as_it_is(says):
    run = a_run(status="lost")
    assert says("cancel", str(run.pk)) == f"Run {run.pk} of nightly has already ended: lost.\n"


def test_runs_that_do_not_exist_are_named_once_the_others_are_cancelled(says):
    run = a_run(status="queued")
    with pytest.raises(CommandError) as error:
        says("cancel", "999999999", str(run.pk))
    assert str(error.value) == "There is no run 999999999. `manage.py runs` lists the latest ones."
    assert Run.objects.get().status == Status.CANCELLED


def test_the_operator_is_an_account_on_a_machine(monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "anna")
    monkeypatch.setattr("socket.gethostname", lambda: "laptop")
    assert operator() == "anna@laptop"


def test_an_account_without_a_name_is_its_number(monkeypatch):
    def nobody():
        raise OSError("No username set in the environment")

    monkeypatch.setattr("getpass.getuser", nobody)
    monkeypatch.setattr("os.getuid", lambda: 1001)
    monkeypatch.setattr("socket.gethostname", lambda: "container")
    assert operator() == "uid1001@container"
