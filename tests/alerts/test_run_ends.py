"""An e-mail when a run has ended: to whoever asked for it, once, and not before."""

import signal
import threading
from datetime import timedelta

import pytest
from django.db import connection

from jobs.access.requests import of_user
from jobs.alerts import outbox, run_ends
from jobs.alerts.channels import Answer
from jobs.alerts.delivering import LETTERS
from jobs.choices import AttemptStatus, Door, Status
from jobs.execution import tick
from jobs.ledger import attempts, claims, notices, states
from jobs.ledger.attempts import Outcome
from jobs.models import Event, Grant, Run, RunWatch
from jobs.verbs.tell_me import tell_me, tell_me_no_more
from tests.alerts.servers import smtp_server
from tests.alerts.test_delivering import alerts, deliver  # noqa: F401 — fixtures
from tests.helpers.commits import lasting_transactions_of_others
from tests.helpers.people import a_user
from tests.helpers.processes import until
from tests.helpers.rows import HERE, NOON, a_queued_run, a_run, an_attempt, settled_ticks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.invariant]
TAKEN = Answer(done=True, text="accepted")
BUSY = Answer(done=False, text="451 come back later")


@pytest.fixture
def ada():
    return of_user(a_user("ada", "operator", "*", email="ada@example.com"), Door.PAGE)


@pytest.fixture
def run(declared):
    declared("rates", command="succeeds")
    return a_queued_run("rates")


def end(run, status=AttemptStatus.SUCCEEDED, **facts):
    attempts.finish(claims.claim(run.pk, HERE), Outcome(status=status, **facts))


def sent(answer=TAKEN):
    """Send all that is due, by a server that answers this. Gives what was sent, as channel and title."""
    found = []
    while leased := run_ends.lease([]):
        if message := run_ends.message_of(leased):
            found.append((leased.channel, message.title))
            run_ends.record(leased, answer)
    return found


@pytest.mark.parametrize("point", ["", "lease.after_commit", "send.after", "answer.after_commit"])
def test_the_letter_comes_wherever_the_process_is_killed(ada, run, alerts, deliver, point):  # noqa: F811
    with smtp_server() as (port, letters):
        alerts(smtp=port)
        tell_me(ada, run.pk)
        tell_me(ada, run.pk)
        assert deliver() == 0
        assert (letters, RunWatch.objects.get().attempts) == ([], 0)
        end(run)
        assert deliver(fault=point, lease=60) == (-signal.SIGKILL if point else 0)
        RunWatch.objects.update(leased_until=states.clock())  # so much time passes
        assert deliver(lease=60) == 0
        assert RunWatch.objects.get().done_at is not None
        assert len(letters) == (2 if point == "send.after" else 1)
        # Whoever gets it twice knows it by its id.
        assert len({letter["Message-ID"] for _, letter in letters}) == 1
        recipients, letter = letters[0]
        assert recipients == ["ada@example.com"]
        assert letter["Subject"].startswith("rates succeeded after ")
        assert deliver() == 0
        assert len(letters) == (2 if point == "send.after" else 1)


def test_all_who_asked_hear_of_it(run, alerts, deliver):  # noqa: F811
    names = [f"user{number}" for number in range(LETTERS + 2)]
    with smtp_server() as (port, letters):
        alerts(smtp=port)
        for name in names:
            tell_me(of_user(a_user(name, "viewer", "*", email=f"{name}@example.com"), Door.PAGE), run.pk)
        end(run)
        assert deliver(lease=60) == 0
        assert sorted(recipient for [recipient], _ in letters) == [f"{name}@example.com" for name in names]


def test_no_transaction_is_open_while_the_server_is_talked_to(ada, run, alerts, deliver):  # noqa: F811
    asked = threading.Event()
    with smtp_server(delay=3, asked=asked) as (port, letters):
        alerts(smtp=port)
        tell_me(ada, run.pk)
        end(run)
        deliver(lease=60, wait=False)
        assert asked.wait(60)
        assert lasting_transactions_of_others() == 0
        assert letters == []
        until(lambda: letters, 10)


def test_an_address_that_is_refused_for_good_is_given_up_with_an_event(ada, run, alerts, deliver):  # noqa: F811
    with smtp_server(refused={"ada@example.com": "550 5.1.1 No such user"}) as (port, letters):
        alerts(smtp=port)
        tell_me(ada, run.pk)
        end(run)
        assert deliver(lease=60) == 0
        watch = RunWatch.objects.get()
        assert (letters, watch.done_at is None, "550 5.1.1 No such user" in watch.answer) == ([], False, True)
        event = Event.objects.get(kind="undelivered")
        assert (event.job, event.run_id) == ("rates", run.pk)
        assert event.message.startswith(f"The e-mail to ada about the end of run {run.pk} of rates wasn't delivered.")


def test_it_is_tried_again_after_longer_and_longer_for_a_day(ada, run):
    tell_me(ada, run.pk)
    end(run)
    for pause in (5, 10, 20):
        before = states.clock()
        assert len(sent(BUSY)) == 1
        watch = RunWatch.objects.get()
        assert timedelta(seconds=pause) <= watch.due_at - before < timedelta(seconds=pause + 5)
        assert pause - 5 < run_ends.seconds_to_next([]) <= pause
        assert run_ends.seconds_to_next(["email:ada@example.com"]) is None
        RunWatch.objects.update(due_at=before)
    RunWatch.objects.update(tried_at=states.clock() - outbox.PATIENCE)
    assert len(sent(BUSY)) == 1
    watch = RunWatch.objects.get()
    assert (watch.done_at is None, watch.answer) == (False, "451 come back later")
    assert "tried for 1 d" in Event.objects.get(kind="undelivered").message


def test_whose_lease_ran_out_changes_nothing(ada, run, monkeypatch):
    monkeypatch.setattr(outbox, "LEASE", timedelta(0))
    tell_me(ada, run.pk)
    end(run)
    first, second = run_ends.lease([]), run_ends.lease([])
    assert (first.id, first.number, second.number) == (second.id, 1, 2)
    run_ends.record(first, TAKEN)
    assert RunWatch.objects.get().done_at is None
    run_ends.record(second, TAKEN)
    assert RunWatch.objects.get().done_at is not None


def test_what_is_leased_is_nobody_elses_and_an_address_that_is_busy_waits(ada, run):
    tell_me(ada, run.pk)
    end(run)
    assert run_ends.lease(["email:ada@example.com"]) is None
    assert run_ends.lease([])
    assert run_ends.lease([]) is None


def test_who_asks_no_more_gets_none(ada, run):
    tell_me(ada, run.pk)
    tell_me_no_more(ada, run.pk)
    tell_me_no_more(ada, run.pk)
    end(run)
    assert sent() == []


def test_who_may_not_see_it_any_more_gets_none(ada, run):
    tell_me(ada, run.pk)
    Grant.objects.all().delete()
    end(run)
    assert sent() == []
    assert RunWatch.objects.get().answer == "The user may not see it any more."
    assert run_ends.lease([]) is None


@pytest.mark.parametrize(("role", "has_lines"), [("operator", True), ("", False)])
def test_it_says_how_the_run_ended_and_its_last_lines_to_those_who_may_read_them(settings, role, has_lines):
    settings.JOBS_URL = "https://jobs.example.com"
    bob = a_user("bob", role, "*", email="bob@example.com")
    Grant.objects.create(user=bob, verbs=["view"], selector="*")
    run = a_run("rates", status="failed", error="OSError: empty", started_at=NOON - timedelta(minutes=12), attempt=2)
    Run.objects.filter(pk=run.pk).update(finished_at=NOON)
    an_attempt(run, number=2, status="failed", written=[b"reading <rates>\nno answer\n"])
    RunWatch.objects.create(run=run, user=bob, email="bob@example.com")
    message = run_ends.message_of(run_ends.lease([]))
    assert message.title == "rates failed after 12 min: OSError: empty"
    assert message.text == (
        f"{message.title}\nYou asked for an e-mail when this run ends.\n\n"
        "Started: Sat 2026-03-14 11:48 UTC\nEnded: Sat 2026-03-14 12:00 UTC\nError: OSError: empty\nAttempts: 2\n"
        + ("\nIts last lines:\n    reading <rates>\n    no answer\n" if has_lines else "")
        + f"\n  Run {run.pk}: https://jobs.example.com/runs/{run.pk}/\n"
    )
    assert f'<a href="https://jobs.example.com/runs/{run.pk}/">' in message.html
    assert ("reading &lt;rates&gt;" in message.html) == has_lines
    assert "Severity" not in message.text + message.html


@pytest.mark.parametrize("status", sorted(set(Status) - {Status.QUEUED, Status.RUNNING}))
def test_each_end_has_its_words(ada, status):
    run = a_run("rates", status=status)
    RunWatch.objects.create(run=run, user_id=ada.user_id, email="ada@example.com")
    word = {"timed_out": "timed out", "cancelled": "was cancelled", "lost": "was lost", "skipped": "was skipped"}
    [(_, title)] = sent()
    assert title.startswith(f"rates {word.get(status, 'was missed' if status == 'missed' else status)}")


def test_the_tick_wakes_the_process_when_a_watched_run_has_ended_and_only_then(ada, run, monkeypatch):
    woken = []
    monkeypatch.setattr(notices, "wake", lambda: woken.append(True))
    settled_ticks()
    tell_me(ada, run.pk)
    tick.tick()
    assert woken == []
    end(run)
    assert woken == []
    tick.tick()
    assert woken == [True]
    assert len(sent()) == 1
    tick.tick()
    assert woken == [True]


def test_it_goes_with_its_run_and_with_its_user(ada, run):
    other = a_queued_run("other")
    tell_me(ada, run.pk)
    tell_me(ada, other.pk)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM nightshift_run WHERE id = %s", [run.pk])
    assert RunWatch.objects.get().run_id == other.pk
    RunWatch._meta.get_field("user").related_model.objects.all().delete()
    assert not RunWatch.objects.exists()
