"""Once a minute: all that is due is settled, what was lost is rescued, forgotten doorbells are rung."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import interventions, sessions, sql, states, timing, to_do
from jobs.models import Event, Gap, JobState, Release, Run
from jobs.schedule import zones
from tests.helpers.rows import a_run, an_attempt, first_seen_at, settled_ticks

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def just_started(monkeypatch, rung):
    """A worker that has just started."""
    first_seen_at(monkeypatch, states.clock())


@pytest.fixture
def daily(declared):
    """A job of every day that was due an hour ago, or so."""
    due = states.clock() - HOUR
    declared("nightly", command="succeeds", schedule=f"{due.second} {due.minute} {due.hour} * * *")
    return registry["nightly"]


def begin_ledger(job, ago):
    JobState.objects.create(
        job=job.name,
        fingerprint=job.fingerprint,
        declared=job.fingerprint,
        ledger_from=states.clock() - ago,
        ledger_through=states.clock() - ago,
        next_due_at=job.schedule.next(states.clock() - ago),
    )


def test_a_job_is_first_seen_and_due_later(daily):
    assert tick.tick() == []
    assert JobState.objects.get().next_due_at > states.clock()


def test_what_a_timer_left_is_queued_and_rung_for(daily, rung):
    begin_ledger(daily, 2 * HOUR)
    [run] = tick.tick()
    assert rung == [run.run]


def test_fresh_occurrences_are_left_to_their_timers(declared):
    due = states.clock()
    declared("nightly", schedule=f"{due.second} {due.minute} {due.hour} * * *")
    declared("by_tick", schedule=f"{due.second} {due.minute} {due.hour} * * *", timer=False)
    for job in registry.scheduled():
        begin_ledger(job, HOUR)
    assert [run.job for run in tick.tick()] == ["by_tick"]
    JobState.objects.update(next_due_at=due - timing.PATIENCE, ledger_through=due - HOUR)
    found = to_do.look()
    assert [job.name for job in registry.scheduled() if found.is_due(job)] == ["nightly", "by_tick"]


def statements_of_a_tick():
    """What a tick of a worker asks, where it has ticked before."""
    with sessions.ours(), CaptureQueriesContext(connection) as asked:
        tick.tick()
    ours = [
        query["sql"] for query in asked if query["sql"].split()[0] not in ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
    ]
    return [statement for statement in ours if "set_config" not in statement]


def test_a_tick_with_two_hundred_due_takes_as_few_statements_as_with_one(declared, monkeypatch):
    monkeypatch.undo()  # each is rung for
    first_seen_at(monkeypatch, states.clock())
    due = states.clock() - timedelta(minutes=2)
    for number in range(400):
        schedule = f"{due.second} {due.minute} {due.hour} * * *"
        declared(f"job_{number:03}", command="succeeds", schedule=schedule, timer=False)
    tick.tick()
    idle = statements_of_a_tick()
    JobState.objects.filter(job__lt="job_200").update(
        ledger_from=due - HOUR, ledger_through=due - HOUR, next_due_at=due
    )
    busy = statements_of_a_tick()
    assert Run.objects.filter(status="queued").count() == 200
    assert (len(idle), len(busy)) == (4, 8), "the first look, the lock, what came of it, and one ring for all"


def test_after_the_first_tick_only_what_is_due_is_asked_for(daily, django_assert_max_num_queries):
    tick.tick()
    # That it comes, and which release is at work (with the transaction's bounds); what there is to do; its end.
    with django_assert_max_num_queries(7):
        tick.tick()


def test_a_tick_that_the_database_failed_looks_at_all_jobs_again(daily, monkeypatch):
    def fail(*arguments, **options):
        raise OperationalError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(tick, "settle", fail)
        with pytest.raises(OperationalError):
            tick.tick()
    tick.tick()
    assert JobState.objects.filter(job="nightly").exists()


def test_an_operators_shell_without_the_apps_settings_leaves_the_apps_schedule_in_force(declared, monkeypatch):
    """It pauses and resumes a job that is due each minute by an app setting, and each year by the code."""

    def declare_it():
        registry.clear()
        declared("each_second", command="succeeds", schedule="0 0 0 1 1 *", timer=False, overlap="allow")

    with monkeypatch.context() as app:
        app.setenv("JOBS_SCHEDULE__EACH_SECOND", "* * * * * *")
        declare_it()
        tick.tick()
    before = JobState.objects.get()
    declare_it()
    interventions.pause(registry["each_second"], by="ada")
    interventions.resume(registry["each_second"], by="ada")
    interventions.override(registry["each_second"], arguments=[], by="ada")
    interventions.end_override(registry["each_second"], by="ada")
    after = JobState.objects.get()
    assert (after.fingerprint, after.declared, after.ledger_from) == ("* * * * * * UTC",) * 2 + (before.ledger_from,)
    assert not Event.objects.filter(kind="schedule_changed").exists()
    monkeypatch.setenv("JOBS_SCHEDULE__EACH_SECOND", "* * * * * *")
    declare_it()
    Run.objects.all().delete()
    JobState.objects.update(ledger_through=states.clock() - timedelta(seconds=10))
    assert tick.tick()


def test_a_moment_computed_with_other_rules_of_the_zone_is_not_trusted(declared, monkeypatch):
    declared("nightly", command="succeeds", schedule="0 * * * * *", time_zone="Europe/Berlin", timer=False)
    tick.tick()
    # By the rules of another time zone database, of a host that is at work too, it is due in an hour.
    now = states.clock()
    Release.objects.create(key="other", declarations={}, deployed_at=now, last_seen_at=now)
    earlier = states.clock() - timedelta(minutes=2)
    JobState.objects.update(zone_rules="other", next_due_at=earlier + HOUR, ledger_through=earlier)
    assert [run.job for run in tick.tick()] == ["nightly"]
    state = JobState.objects.get()
    assert state.zone_rules == zones.rules_of("Europe/Berlin")
    assert state.next_due_at <= states.clock() + timedelta(minutes=1)


def test_a_job_whose_schedule_was_taken_away_begins_again_if_it_comes_back(daily):
    begin_ledger(daily, 2 * HOUR)
    registry.clear()
    tick.tick()
    state = JobState.objects.get()
    assert (state.fingerprint, state.next_due_at) == ("", None)


def test_a_run_that_nobody_picked_up_in_time_is_missed(rung):
    run = a_run(status=Status.QUEUED, start_by=states.clock() - HOUR, not_before=states.clock() - 2 * HOUR)
    tick.tick()
    run.refresh_from_db()
    assert run.status == Status.MISSED
    assert rung == []


def test_a_forgotten_run_is_rung_for_once_in_five_minutes(rung, daily):
    run = a_run(status=Status.QUEUED, not_before=states.clock() - HOUR)
    tick.tick()
    tick.tick()
    assert rung == [run.pk]


def a_running_run(lease):
    run = a_run(status=Status.RUNNING, lease_expires_at=states.clock() + lease)
    an_attempt(run, status="running")
    return run


def test_a_run_whose_lease_ran_out_is_lost():
    run = a_running_run(-HOUR)
    settled_ticks()
    tick.tick()
    run.refresh_from_db()
    assert (run.status, run.error) == (
        Status.LOST,
        "Its supervisor vanished: no heartbeat came until its lease ran out.",
    )


def test_a_lease_that_holds_is_left_alone(monkeypatch):
    run = a_running_run(timedelta(minutes=1))
    settled_ticks()
    tick.tick()
    run.refresh_from_db()
    assert run.status == Status.RUNNING


def test_a_lost_run_that_is_tried_again_is_rung_for(declared, monkeypatch, rung):
    declared("nightly", retries=1)
    run = a_running_run(-HOUR)
    settled_ticks()
    tick.tick()
    run.refresh_from_db()
    assert (run.status, rung) == (Status.QUEUED, [run.pk])


def test_who_waited_behind_a_lost_run_is_rung_for(monkeypatch, rung, daily):
    a_running_run(-HOUR)
    now = states.clock()
    waiting = a_run("nightly", Status.QUEUED, scheduled_for=now, not_before=now, exclusive=True)
    settled_ticks()
    tick.tick()
    assert rung == [waiting.pk]


def test_after_a_long_outage_the_ledger_is_complete(declared):
    declared("minutely", command="succeeds", schedule="0 * * * * *", timer=False)
    begin_ledger(registry["minutely"], 50 * HOUR)
    through = JobState.objects.get().ledger_through
    tick.tick()
    state = JobState.objects.get()
    covered = Run.objects.count() + sum(Gap.objects.values_list("count", flat=True))
    assert covered == registry["minutely"].schedule.count(through, state.ledger_through)
    assert (Run.objects.count(), Gap.objects.count() <= 2) == (1, True)


@pytest.fixture
def refused():
    """The database refuses the runs of a job called `broken`."""
    sql.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE check_violation USING message = 'refused'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON nightshift_run
           FOR EACH ROW WHEN (NEW.job = 'broken') EXECUTE FUNCTION refuse();
        """
    )


def test_a_job_that_cant_be_settled_hurts_no_other(daily, declared, rung, caplog, refused):
    declared("broken", command="succeeds", schedule="0 0 * * * *")
    begin_ledger(daily, 12 * HOUR)
    begin_ledger(registry["broken"], 12 * HOUR)
    (run,) = tick.tick()
    assert run.job == "nightly"
    assert rung == [run.run]
    assert "job=broken can't be settled, so nothing of it is queued; each tick tries again" in caplog.messages
