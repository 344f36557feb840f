"""A clock that was ahead for one tick silences a job; that is reported, and an operator sets its ledger back."""

import re
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.health import database
from jobs.health.answers import Problem
from jobs.ledger import interventions, rewinding, states
from jobs.ledger.eras import INSTANT
from jobs.ledger.settle import settle
from jobs.models import Event, Gap, JobState, Run
from tests.helpers.days import assert_days_are_counted_right
from tests.helpers.rows import first_seen_at

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MONTH = 30 * DAY
SENTENCE = "The ledger of nightly reaches to "


@pytest.fixture
def began(declared, database_clock, monkeypatch):
    """A job of every day that was due an hour ago and has its run; gives where its ledger begins."""
    monkeypatch.setattr("jobs.ledger.doorbell.ring_all", lambda _: None)
    began = states.clock() - timedelta(hours=2)
    due = states.clock() - timedelta(hours=1)
    first_seen_at(monkeypatch, began)
    declared("nightly", command="succeeds", schedule=f"{due.second} {due.minute} {due.hour} * * *", overlap="allow")
    settle(registry.scheduled())
    assert Run.objects.count() == 1
    return began


@pytest.fixture
def jumped(began, database_clock):
    """The clock was a month ahead for one tick."""
    database_clock.set(ahead=MONTH)
    settle(registry.scheduled())
    database_clock.set(ahead=timedelta(0))
    return began


def rewind(**arguments):
    return rewinding.rewind(registry["nightly"], by="ada", reason="the clock was wrong", **arguments)


def live(database_clock, days):
    """Serve once a day."""
    for day in range(days + 1):
        database_clock.set(ahead=day * DAY)
        settle(registry.scheduled())


def assert_each_occurrence_is_recorded_once(began):
    schedule, through = registry["nightly"].schedule, JobState.objects.get().ledger_through
    recorded = [
        (moment, moment, 1) for moment in Run.objects.values_list("scheduled_for", flat=True) if moment <= through
    ]
    recorded += Gap.objects.values_list("first", "last", "count")
    expected = schedule.next(began)
    for first, last, count in sorted(recorded):
        assert first == expected
        assert count == schedule.count(first - INSTANT, last)
        expected = schedule.next(last)
    assert expected > through
    assert_days_are_counted_right()


def test_it_is_silent_and_that_is_reported_once(jumped, database_clock, caplog):
    live(database_clock, 5)
    assert Run.objects.count() == 2, "that of the present, and one a month early"
    database_clock.set(ahead=timedelta(0))
    for _ in range(2):
        tick.tick()
    event = Event.objects.get(kind="ledger_ahead")
    assert event.message.startswith(SENTENCE)
    assert event.message.endswith("If it is right now: manage.py rewind nightly --reason ...")
    assert caplog.messages.count(event.message) == 1
    with pytest.raises(Problem, match=f"^{re.escape(SENTENCE)}"):
        database.ledgers()


def test_once_it_is_set_back_each_occurrence_runs_and_none_twice(jumped, database_clock):
    early = Run.objects.latest("scheduled_for")
    rewind()
    assert database.ledgers()
    live(database_clock, 40)
    assert Run.objects.count() == 41
    assert not Gap.objects.exists()
    assert Run.objects.filter(scheduled_for=early.scheduled_for).get() == early
    assert_each_occurrence_is_recorded_once(jumped)


def test_an_occurrence_that_ran_early_stays_out_of_the_gaps_around_it(jumped, database_clock):
    rewind()
    interventions.pause(registry["nightly"], by="ada")
    live(database_clock, 40)
    assert Run.objects.count() == 2
    assert sorted(Gap.objects.values_list("count", flat=True)) == [10, 29]
    assert_each_occurrence_is_recorded_once(jumped)


def test_a_gap_that_reaches_beyond_now_ends_now(began, database_clock):
    interventions.pause(registry["nightly"], by="ada")
    live(database_clock, 3)
    database_clock.set(ahead=MONTH)
    settle(registry.scheduled())
    database_clock.set(ahead=5 * DAY)
    rewind()
    assert Gap.objects.get().count == 5
    live(database_clock, 40)
    assert_each_occurrence_is_recorded_once(began)


def test_a_run_that_was_queued_early_waits_for_its_occurrence(jumped):
    early = Run.objects.latest("scheduled_for")
    assert early.not_before > states.clock()
    rewind()
    early.refresh_from_db()
    assert (early.status, early.not_before) == (Status.QUEUED, early.scheduled_for)


def test_a_retry_of_that_time_can_start_now(jumped):
    Run.objects.update(attempt=1, started_at=states.clock() + MONTH, not_before=states.clock() + MONTH)
    first = Run.objects.earliest("scheduled_for")
    rewind()
    first.refresh_from_db()
    assert first.not_before <= states.clock()


def test_what_was_paused_or_overridden_meanwhile_holds_from_now_on(jumped, database_clock):
    database_clock.set(ahead=MONTH)
    interventions.pause(registry["nightly"], by="bob")
    database_clock.set(ahead=timedelta(0))
    rewind()
    live(database_clock, 2)
    assert {gap.reason for gap in Gap.objects.all()} == {"paused"}


def test_an_override_that_would_end_before_the_ledger_is_refused(jumped):
    with pytest.raises(interventions.OverrideEndsBeforeItBegins, match=r"manage\.py rewind nightly --reason"):
        interventions.override(registry["nightly"], schedule="0 0 5 * * *", by="ada", until=states.clock() + DAY)
    rewind()
    interventions.override(registry["nightly"], schedule="0 0 5 * * *", by="ada", until=states.clock() + DAY)


def test_who_set_it_back_and_why_is_kept(jumped):
    former = rewind()
    event = Event.objects.get(kind="rewound")
    assert (event.job, event.by) == ("nightly", "ada")
    assert event.message.endswith(" by ada: the clock was wrong")
    assert former - states.clock() > 29 * DAY


def test_a_ledger_that_isnt_ahead_is_left_alone(began):
    with pytest.raises(rewinding.NotAhead, match=r"^The ledger of job 'nightly' doesn't reach beyond now"):
        rewind()
    assert database.ledgers() == "none reaches beyond now"
    tick.tick()
    assert not Event.objects.exists()


def test_the_command(jumped, capsys):
    call_command("rewind", "nightly", "--reason", "the clock was wrong")
    assert capsys.readouterr().out.startswith("The ledger of nightly is set back to now, from ")
    with pytest.raises(CommandError, match="doesn't reach beyond now"):
        call_command("rewind", "nightly", "--reason", "the clock was wrong")
    call_command("rewind", "--all", "--reason", "none is ahead")
