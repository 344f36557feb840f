import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from jobs.choices import AttemptStatus, Status
from jobs.commandline import following
from jobs.ledger import states
from jobs.management import here
from jobs.models import Attempt, Output, Run
from tests.helpers.rows import NOON, a_queued_run, a_run, an_attempt


@pytest.fixture
def follows(db, capfdbinary, monkeypatch):
    """Follow a run, to which something happens each time that the command waits. Gives stdout, stderr, what is said."""

    def follow(*words, meanwhile):
        happens = iter(meanwhile)
        monkeypatch.setattr(following.time, "sleep", lambda seconds: next(happens)())
        said = StringIO()
        try:
            call_command(*map(str, words), stderr=said)
        finally:
            assert next(happens, None) is None, "it waited until all had happened"
        captured = capfdbinary.readouterr()
        return captured.out, captured.err, said.getvalue().splitlines()

    return follow


def starts(run, number=1):
    Run.objects.filter(pk=run.pk).update(
        status=Status.RUNNING, attempt=number, started_at=NOON, lease_expires_at=NOON.replace(year=2126)
    )
    an_attempt(run, number, AttemptStatus.RUNNING)


def writes(run, body, stderr=()):
    attempt = Attempt.objects.filter(run=run).latest("number")
    Output.objects.create(attempt=attempt, number=attempt.output.count(), at=NOON, body=body, stderr=list(stderr))


def ends(run, status, exit_code=0, again_at=None):
    Attempt.objects.filter(run=run, status=AttemptStatus.RUNNING).update(status=status, exit_code=exit_code)
    end = {"status": status, "finished_at": NOON + timedelta(seconds=90)}
    if again_at:
        end = {"status": Status.QUEUED, "not_before": again_at}
    Run.objects.filter(pk=run.pk).update(
        lease_expires_at=None, error="" if status == Status.SUCCEEDED else "It broke.", **end
    )


def test_it_ends_with_the_exit_code_of_the_last_attempt(follows):
    run = a_run(status=Status.RUNNING)
    an_attempt(run, status=AttemptStatus.RUNNING)
    with pytest.raises(CommandError) as ended:
        follows(
            *("follow", run.pk),
            meanwhile=[
                lambda: ends(run, Status.FAILED, 4, states.clock()),
                lambda: starts(run, 2),
                lambda: ends(run, Status.FAILED, 3),
            ],
        )
    assert str(ended.value) == f"Run {run.pk} of nightly failed: It broke."
    assert ended.value.returncode == 3


def test_it_says_what_a_run_waits_for_and_how_its_attempts_end(follows):
    other = a_run(status=Status.RUNNING)
    run = a_queued_run()
    again = states.clock() + timedelta(minutes=1)
    out, err, said = follows(
        *("follow", run.pk),
        meanwhile=[
            lambda: None,
            lambda: [Run.objects.filter(pk=other.pk).delete(), starts(run), writes(run, b"out err\xff", [4, 8])],
            lambda: [writes(run, b"the last"), ends(run, Status.FAILED, 4, again)],
            lambda: [starts(run, 2), writes(run, b"second")],
            lambda: ends(run, Status.SUCCEEDED),
        ],
    )
    assert (out, err) == (b"out the lastsecond", b"err\xff")
    assert said[0].startswith(f"Run {run.pk} of nightly is queued: run {other.pk} of the job, running since ")
    assert said[1].startswith(f"Attempt 1 of run {run.pk} of nightly failed: It broke. It is retried at ")
    assert said[2:] == [f"Attempt 2 of run {run.pk} of nightly:", f"Run {run.pk} of nightly succeeded in 1 min 30 s."]


def test_output_goes_on_with_the_run_and_ends_well_whatever_its_end(follows):
    run = a_run(status=Status.RUNNING)
    an_attempt(run, status=AttemptStatus.RUNNING, written=[(b"out err", [4, 7])])
    out, *_ = follows(
        *("output", run.pk, "--follow", "--stderr"),
        meanwhile=[lambda: [writes(run, b"out more", [4, 8]), ends(run, Status.FAILED, 3)]],
    )
    assert out == b"errmore"


def test_a_run_that_never_started_says_why(follows):
    run = a_run(status=Status.SKIPPED, error="Another was in its way.")
    with pytest.raises(CommandError, match=r"was skipped\. Another was in its way\.$"):
        follows("follow", run.pk, meanwhile=[])
    with pytest.raises(CommandError, match=r"^There is no run 17\. `manage\.py runs` lists the latest ones\.$"):
        follows("follow", 17, meanwhile=[])


def test_a_database_that_is_away_for_a_while_is_waited_for(follows, monkeypatch):
    run = a_run(status=Status.RUNNING)
    an_attempt(run, status=AttemptStatus.RUNNING, written=[b"before "])
    read, fails = here.window.after, iter([None, OperationalError("gone\nmore"), OperationalError("gone")])

    def after(*arguments):
        if fault := next(fails, None):
            raise fault
        return read(*arguments)

    monkeypatch.setattr(here.window, "after", after)
    monkeypatch.setattr(here.connection, "close", lambda: None)  # it is the test's
    out, _, said = follows(
        *("follow", run.pk),
        meanwhile=[
            lambda: None,
            lambda: None,
            lambda: [writes(run, b"after"), ends(run, Status.SUCCEEDED)],
        ],
    )
    assert out == b"before after"
    assert said[0] == "The database can't be reached, trying again: gone"


@pytest.mark.django_db(transaction=True)
def test_ctrl_c_ends_the_following_and_not_the_run(database_url):
    run = a_run(status=Status.RUNNING)
    an_attempt(run, status=AttemptStatus.RUNNING, written=[b"at work\n"])
    with subprocess.Popen(
        [sys.executable, "manage.py", "follow", str(run.pk)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "at work\n"
        writes(run, b"still at work\n")
        assert process.stdout.readline() == "still at work\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == (
            f"CommandError: No longer following. The run goes on: `manage.py follow {run.pk}` shows it again, "
            f"`manage.py cancel {run.pk}` cancels it.\n"
        )
    assert process.returncode == 130
    run.refresh_from_db()
    assert (run.status, run.cancel_requested_at) == (Status.RUNNING, None)
