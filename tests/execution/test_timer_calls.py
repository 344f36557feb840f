"""A call of a job's own function: what it may mean, and what it leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.declarations.registry import registry
from jobs.execution.timer_calls import EARLY, Call, answer
from jobs.execution.worker import this_worker
from jobs.ledger import interventions, states
from jobs.ledger.settle import settle
from jobs.models import Event, Gap, JobState, Run
from tests.helpers.rows import a_pause, first_seen_at, pruning

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 14, 12, 0, 0, 50_000, tzinfo=UTC)
NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
TWINS = (
    "Likely cause: somebody called it while its scheduled run went on; or, where this comes again and again, two apps "
    "with one host id (a copy, a slot or a twin on the same storage account), whose hosts both fire the timer. "
    "Give each its own AzureFunctionsWebHost__hostid."
)


@pytest.fixture
def called(declared, monkeypatch, rung):
    """Calls the function of a job as at a moment; gives the runs that it executed itself, and those it rang for."""
    executed = []
    first_seen_at(monkeypatch, NOON - timedelta(minutes=1))
    monkeypatch.setattr(this_worker, "execute", lambda run, **_: executed.append(run))

    def call(called_for, now=NOW, called_at=None, **rules):
        if not registry:
            declared("nightly", command="succeeds", **{"schedule": "0 0 12 * * *"} | rules)
            settle(registry.scheduled(), NOON - timedelta(minutes=1))
        executed.clear()
        rung.clear()
        with monkeypatch.context() as patch:
            patch.setattr(states, "clock", lambda: now)
            answer(Call(job=registry["nightly"], called_for=called_for, called_at=called_at or now, invocation_id="42"))
        return list(executed), list(rung)

    return call


def the_run():
    return Run.objects.get()


def test_a_timers_call_executes_the_run_that_it_queued(called):
    executed, rung = called(NOON)
    assert (executed, rung) == ([the_run().pk], [])
    assert (the_run().scheduled_for, the_run().trigger) == (NOON, "schedule")
    assert not Event.objects.exists()


def test_a_call_for_nobody_knows_when_is_the_timers_where_something_is_due(called):
    executed, _ = called(None)
    assert executed == [the_run().pk]
    assert not Event.objects.exists()


@pytest.mark.parametrize("early", [timedelta(milliseconds=20), EARLY])
def test_a_timer_that_fires_a_little_early_is_believed(called, early):
    executed, _ = called(NOON, now=NOON - early)
    assert executed == [the_run().pk]
    assert (the_run().scheduled_for, the_run().trigger) == (NOON, "schedule")


def test_after_an_early_call_the_tick_finds_nothing_left(called):
    called(NOON, now=NOON - timedelta(seconds=1), called_at=NOON)
    assert settle(registry.scheduled(), NOON + timedelta(seconds=40)).runs == []


def test_a_call_long_before_its_moment_is_a_persons(called):
    executed, _ = called(NOON, now=NOON - EARLY - timedelta(seconds=1))
    assert executed == [the_run().pk]
    assert (the_run().scheduled_for, the_run().trigger) == (None, "manual")
    assert the_run().requested_by == "a manual call of the function"


def test_a_second_call_for_an_occurrence_starts_nothing_and_leaves_an_event(called):
    called(NOON)
    assert called(NOON) == ([], [])
    assert Run.objects.count() == 1
    event = Event.objects.get()
    assert (event.job, event.kind) == ("nightly", "ambiguous_call")
    assert event.message == (
        "It was called for 2026-03-14T12:00:00+00:00, which the ledger has already, and nothing is due: "
        f"nothing was started. {TWINS} By hand: manage.py run nightly"
    )


def test_a_second_call_for_nobody_knows_when_leaves_an_event(called):
    called(None)
    assert called(None) == ([], [])
    assert Event.objects.get().message == (
        "The host doesn't say for which moment it called, and nothing is due: "
        f"nothing was started. {TWINS} By hand: manage.py run nightly"
    )


def test_a_call_when_the_zone_has_no_occurrence_leaves_nothing(called):
    assert called(NOON, time_zone="Europe/Berlin") == ([], [])
    assert not Run.objects.exists()
    assert not Event.objects.exists()


def test_a_call_for_nobody_knows_when_leaves_nothing_where_the_zones_timer_fires_more_often(called):
    assert called(None, time_zone="Europe/Berlin", schedule="*/10 * 3 * * *") == ([], [])
    assert not Event.objects.exists()


@pytest.mark.parametrize("called_for", [NOON, None])
def test_a_paused_jobs_timer_leaves_a_gap_and_no_event(called, called_for):
    called(NOON - timedelta(days=1), now=NOON - timedelta(seconds=30))
    with pruning():
        Event.objects.all().delete()
    a_pause(began_at=NOON - timedelta(hours=1))
    assert called(called_for) == ([], [])
    assert Gap.objects.get().reason == "paused"
    assert not Event.objects.exists()


def test_a_call_that_overlaps_leaves_a_gap_and_no_event(called):
    called(NOON)
    Run.objects.update(created_at=NOON)
    tomorrow = timedelta(days=1)
    assert called(NOON + tomorrow, now=NOW + tomorrow) == ([], [])
    assert Gap.objects.get().reason == "overlap"
    assert not Event.objects.exists()


def test_where_queues_execute_the_call_only_rings(called):
    executed, rung = called(NOON, dispatch="queue")
    assert (executed, rung) == ([], [the_run().pk])


def test_of_several_runs_the_call_executes_the_oldest_and_rings_for_the_others(called):
    executed, rung = called(
        NOON, schedule="*/20 * * * * *", misfire="all", start_deadline=timedelta(minutes=5), overlap="allow"
    )
    runs = list(Run.objects.order_by("scheduled_for").values_list("pk", flat=True))
    assert len(runs) == 3
    assert (executed, rung) == (runs[:1], runs[1:])


def test_the_timer_of_a_job_whose_schedule_is_overridden_leaves_nothing(called):
    called(None, schedule="*/10 * * * * *")
    interventions.override(registry["nightly"], schedule="0 0 5 * * *", by="ada")
    with pruning():
        Event.objects.all().delete()
    assert called(None) == ([], [])
    assert not Event.objects.exists()


@pytest.fixture
def due(declared, database_clock, monkeypatch):
    """A job that was due a few seconds ago by this machine's clock; gives the moment."""
    monkeypatch.setattr(this_worker, "execute", lambda run, **_: None)
    moment = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=3)
    declared("nightly", command="succeeds", schedule=f"{moment.second} {moment.minute} {moment.hour} * * *")
    first_seen_at(monkeypatch, moment - timedelta(hours=1))
    states.begin([registry["nightly"]])
    return moment


SKEWS = [timedelta(seconds=seconds) for seconds in (-240, -10, 0, 10, 240)]


@pytest.mark.parametrize("ahead", SKEWS, ids=lambda ahead: f"{ahead.total_seconds():+.0f}s")
def test_however_far_the_clocks_differ_a_timers_occurrence_has_one_run_of_the_schedule(due, database_clock, ahead):
    database_clock.set(ahead=ahead)
    answer(Call(job=registry["nightly"], called_for=due))
    run = Run.objects.get()
    assert (run.scheduled_for, run.trigger in {"schedule", "catch_up"}) == (due, True)
    database_clock.set(ahead=timedelta(minutes=5))
    assert settle(registry.scheduled()).runs == [], "the database's clock has got there"
    answer(Call(job=registry["nightly"], called_for=due))
    assert Run.objects.count() == 1


@pytest.mark.parametrize("ahead", SKEWS, ids=lambda ahead: f"{ahead.total_seconds():+.0f}s")
def test_however_far_the_clocks_differ_a_persons_call_is_a_persons(due, database_clock, ahead):
    JobState.objects.update(ledger_through=due + timedelta(minutes=10))
    database_clock.set(ahead=ahead)
    answer(Call(job=registry["nightly"], called_for=due + timedelta(days=1)))
    run = Run.objects.get()
    assert (run.scheduled_for, run.trigger) == (None, "manual")


def test_a_host_whose_clock_is_a_month_ahead_serves_nothing_of_that_month(called, caplog):
    month = timedelta(days=30)
    for _ in range(2):
        assert called(NOON + month, now=NOON - timedelta(seconds=5), called_at=NOW + month) == ([], [])
    event = Event.objects.get()
    assert (event.kind, event.count) == ("clock_ahead", 2)
    assert event.message == (
        "The timer of nightly fired for 2026-04-13T12:00:00+00:00, and this host's clock is 30 d ahead of the "
        "database's: the tick starts what is due by that one. Set the host's clock."
    )
    assert caplog.messages.count(event.message) == 1
    assert JobState.objects.get().ledger_through < NOON


def test_of_ambiguous_calls_there_is_one_event_an_hour_and_one_warning(called, caplog):
    called(NOON)
    for _ in range(20):
        called(NOON)
    event = Event.objects.get()
    assert (event.kind, event.count) == ("ambiguous_call", 20)
    assert TWINS in event.message
    assert [record.levelname for record in caplog.records].count("WARNING") == 1
    with pruning():  # nobody else may change an event
        Event.objects.update(key="ambiguous_call/nightly/an hour ago")
    called(NOON)
    assert Event.objects.count() == 2


def test_an_ambiguous_call_of_a_host_that_is_behind_says_so(called):
    called(NOON, now=NOON + timedelta(minutes=4), called_at=NOON)
    called(NOON, now=NOON + timedelta(minutes=4), called_at=NOON)
    assert "Likely cause: this host's clock is 4 min behind the database's" in Event.objects.get().message
