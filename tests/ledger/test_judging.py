"""What alerts can't judge is recorded all the same, and they wait for nobody: neither do others wait for them."""

import threading
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import DataError, OperationalError, connection

from jobs import alert, telemetry
from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import attempts, endings, judging, overdue, poison, sql, states, verdicts
from jobs.ledger.attempts import Outcome
from jobs.ledger.settle import settle
from jobs.models import Gap, Incident, JobState, LastTick, Notice, Run
from tests.helpers.processes import until
from tests.helpers.rows import a_claimed_run, a_queued_run, a_run, first_seen_at, settled_ticks, status_of

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SUCCESS, FAILURE = Outcome(status=AttemptStatus.SUCCEEDED), Outcome(status=AttemptStatus.FAILED, error="No.")


class Counter(telemetry.Sink):
    """Counts what couldn't be judged."""

    is_on = True
    number = 0

    def not_judged(self):
        self.number += 1


@pytest.fixture
def counter():
    counter = Counter()
    telemetry.send_to(counter)
    yield counter
    telemetry.send_to(telemetry.Sink())


@contextmanager
def breaking(table="nightshift_incident", code="P0001"):
    """In this block the database refuses each row of a table, by a code of PostgreSQL's."""
    sql.execute(
        f"""
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$
        """
    )
    sql.execute(f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")
    try:
        yield
    finally:
        sql.execute("DROP FUNCTION refuse() CASCADE")


@pytest.fixture(params=["nightshift_incident", "nightshift_notice"])
def broken(request):
    return lambda: breaking(request.param)


def come_out(outcome, job="it"):
    run, claim = a_claimed_run(job)
    attempts.finish(claim, outcome)
    return run


def an_incident(cause="failed", job="it", **fields):
    fields = {"opened_at": states.clock() - HOUR, "last_at": states.clock() - HOUR} | fields
    return Incident.objects.create(job=job, cause=cause, **fields)


def open_causes():
    return sorted(Incident.objects.open().values_list("cause", flat=True))


# What can't be judged


def test_a_failure_that_cannot_be_judged_is_recorded_with_all_that_follows(declared, broken, counter, caplog):
    declared("it", command="succeeds")
    declared("step", command="succeeds", after="it")
    with broken():
        run = come_out(FAILURE)
        assert (status_of(run), Run.objects.get(job="step").reason) == (Status.FAILED, "predecessor")
    assert (open_causes(), counter.number) == ([], 1)
    assert [record.getMessage() for record in caplog.records] == [
        "Alerts couldn't be judged, so an incident may be missing; job=it: its run's end is recorded."
    ]
    assert "refused" in caplog.text, "the log says why"
    come_out(FAILURE)
    assert open_causes() == ["failed"], "the next end is judged again"


def test_a_success_that_cannot_close_an_incident_is_recorded_and_a_tick_closes_it(declared, broken, counter):
    declared("it")
    an_incident()
    with broken():
        assert status_of(come_out(SUCCESS)) == Status.SUCCEEDED
    assert (open_causes(), counter.number) == (["failed"], 1)
    settled_ticks()
    tick.tick()
    assert open_causes() == []


def test_a_failure_within_another_transaction_is_recorded(declared, broken, counter):
    declared("it", command="succeeds")
    run = a_queued_run("it")
    with broken():
        poison.take(str(run.pk))
    assert (status_of(run), counter.number) == (Status.FAILED, 1)


def test_a_run_that_was_missed_is_recorded(declared, broken, counter):
    declared("it", schedule="0 0 3 * * *")
    run = a_queued_run("it")
    with broken():
        endings.miss(run.pk, "it", "Nobody picked it up before its start deadline.")
    assert (status_of(run), counter.number) == (Status.MISSED, 1)


def test_a_mistake_of_our_own_in_the_judging_costs_no_end(declared, counter, monkeypatch):
    declared("it")

    def mistaken(*_):
        raise KeyError("a mistake")  # there is none that could be had for real

    monkeypatch.setattr(verdicts, "of", mistaken)
    assert status_of(come_out(FAILURE)) == Status.FAILED
    assert counter.number == 1


def test_occurrences_that_were_missed_are_recorded(declared, broken, counter, monkeypatch):
    declared("it", schedule="0 0 * * * *", start_deadline=10 * MINUTE)
    began = (states.clock() - DAY).replace(minute=0, second=0, microsecond=0)
    first_seen_at(monkeypatch, began)
    settle([registry["it"]], began)
    with broken():
        settle([registry["it"]], began + DAY)
    assert list(Gap.objects.values_list("reason", "count")) == [("too_late", 23)]
    assert JobState.objects.get(job="it").ledger_through == began + DAY
    assert (open_causes(), counter.number) == ([], 1)


def test_a_tick_comes_to_its_end(declared, broken, counter):
    declared("it", alerts=[alert.still_running(MINUTE)])
    a_run("it", "running", started_at=states.clock() - HOUR)
    settled_ticks()
    before = LastTick.objects.get().at
    with broken():
        tick.tick()
        assert LastTick.objects.get().at > before
        assert (open_causes(), counter.number) == ([], 1)
    tick.tick()
    assert open_causes() == ["still_running"], "the next tick judges it again"


def test_the_tick_after_an_outage_of_ours_comes_to_its_end(counter):
    settled_ticks()
    LastTick.objects.update(seen_at=states.clock() - HOUR)
    with breaking():
        tick.here.forget()
        tick.tick()
    assert LastTick.objects.get().seen_at > states.clock() - MINUTE
    assert counter.number == 1


def test_a_judging_that_takes_too_long_costs_no_end(declared, counter):
    declared("it")
    with breaking(code="57014"):
        assert status_of(come_out(FAILURE)) == Status.FAILED
    assert counter.number == 1


@pytest.mark.parametrize(("code", "error"), [("57P01", OperationalError), ("55P03", sql.Busy)], ids=["away", "busy"])
def test_a_database_that_is_away_or_busy_is_no_error_of_the_judging(declared, counter, code, error):
    declared("it")
    run, claim = a_claimed_run("it")
    with breaking(code=code), pytest.raises(error):
        attempts.finish(claim, FAILURE)
    assert (status_of(run), counter.number) == (Status.RUNNING, 0), "its supervisor tries again, and is judged"


def test_what_the_database_refuses_of_a_success_is_no_error_of_the_judging(declared, counter):
    declared("it")
    _, claim = a_claimed_run("it")
    with pytest.raises(DataError):
        attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED, result="\0"))
    assert counter.number == 0


def test_judging_is_left_out_for_that_work_alone(declared):
    def work():
        seen.append(judging.is_on())
        if judging.is_on():
            raise judging.NotJudged

    seen = []
    judging.if_it_works(work, "this")
    assert (seen, judging.is_on()) == ([True, False], True)


# Who waits for whom


def hold(cause):
    return "SELECT FROM nightshift_incident WHERE cause = %s FOR UPDATE", cause


def test_a_tick_closes_what_it_can_and_waits_for_nothing_that_others_hold(declared, locked):
    declared("it")
    settled_ticks()
    an_incident("failed"), an_incident("lost"), an_incident("failed", "gone"), an_incident("lost", "gone")
    a_run("it", finished_at=states.clock())
    with locked(*hold("lost")):
        sql.execute("SET lock_timeout = '1ms'")
        try:
            overdue.judge(states.clock())
        finally:
            sql.execute("RESET lock_timeout")
        assert open_causes() == ["lost", "lost"]
    overdue.judge(states.clock())
    assert open_causes() == []
    assert Notice.objects.filter(kind="resolved").count() == 4


def test_a_success_waits_for_no_incident_that_another_session_holds(declared, locked):
    declared("it")
    an_incident("failed"), an_incident("lost")
    _, claim = a_claimed_run("it")
    with locked(*hold("failed")):
        sql.execute("SET lock_timeout = '1ms'")
        try:
            attempts.finish(claim, SUCCESS)
        finally:
            sql.execute("RESET lock_timeout")
    assert open_causes() == ["failed"]
    settled_ticks()
    overdue.judge(states.clock())
    assert open_causes() == []


CLOSED = [alert.slower_than(HOUR), alert.rate(share=0.5, of=2), alert.output_matches("disk")]


def test_ends_of_a_job_lock_its_incidents_in_one_order(declared, database_url):
    """One that waits for the first of them holds none of the later ones: two can't wait for each other."""
    declared("it", alerts=CLOSED)
    for cause in ("slower_than", "rate", "output_matches"):  # they lie in the table the other way round
        an_incident(cause)
    _, claim = a_claimed_run("it")

    def finish():
        attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED, wall=MINUTE))
        connection.close()

    with psycopg.connect(database_url) as holder, psycopg.connect(database_url) as other:
        holder.execute("SELECT FROM nightshift_incident WHERE cause = 'output_matches' FOR UPDATE")
        thread = threading.Thread(target=finish)
        thread.start()
        until(lambda: sql.value("SELECT count(*) FROM pg_locks WHERE NOT granted"))
        other.execute("SELECT FROM nightshift_incident WHERE cause <> 'output_matches' FOR UPDATE NOWAIT")
        other.rollback()
        holder.rollback()
        thread.join()
    assert open_causes() == []


def test_a_second_failure_at_the_same_moment_of_the_clock_is_not_told_again(declared, database_clock):
    declared("it", alerts=[alert.failed(in_a_row=1)])
    now = states.clock()
    database_clock.execute(
        f"""
        CREATE OR REPLACE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql
            AS $$ SELECT timestamptz '{now.isoformat()}' $$
        """
    )
    come_out(FAILURE), come_out(FAILURE)
    assert Incident.objects.get().count == 2
    assert Notice.objects.count() == 1
