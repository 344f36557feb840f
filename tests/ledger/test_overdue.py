"""What the tick finds by the clock: rules about time, missed occurrences, and our own outage."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import alert
from jobs.choices import EventKind
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import incidents, outages, overdue, states
from jobs.ledger.last_tick import TickObserver
from jobs.ledger.outages import _Fates, sentence
from jobs.ledger.settle import settle
from jobs.models import Event, Gap, Incident, Intervention, JobState, LastTick, Notice
from tests.helpers.rows import a_pause, a_run, an_override, first_seen_at, settled_ticks

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def calm():
    settled_ticks()


def ago(duration):
    return states.clock() - duration


def judge(alone=True):
    overdue.judge(states.clock(), alone=alone)


def told(job="it"):
    rows = Notice.objects.filter(incident__job=job).order_by("pk").values_list("kind", "incident__cause")
    return [f"{'+' if kind == 'opened' else '-'}{cause}" for kind, cause in rows]


def detail():
    return Incident.objects.get().detail


# Each rule: rows, and what is found


def waiting(**fields):
    return a_run("it", "queued", **{"scheduled_for": ago(HOUR), "not_before": ago(HOUR)} | fields)


@pytest.mark.parametrize("duration", [20 * MINUTE, 2 * HOUR])
def test_a_run_that_still_waits_starts_late(declared, duration):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.late_start(duration)])
    run = waiting()
    judge(), judge()
    assert told() == ["+late_start"] * (duration < HOUR)
    run.delete()
    judge()
    assert told() == ["+late_start", "-late_start"] * (duration < HOUR)


def test_what_an_operator_keeps_from_starting_is_not_late(declared):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.late_start(MINUTE)])
    waiting()
    a_pause("it")
    judge()
    assert told() == []


def test_a_run_that_is_still_at_work_is_one_incident_until_it_ends(declared):
    declared("it", alerts=[alert.still_running(20 * MINUTE)])
    run = a_run("it", "running", started_at=ago(HOUR))
    judge(), judge()
    assert detail().startswith(f"Run {run.pk} has been running since ")
    assert detail().endswith(" UTC, longer than 20 min.")
    run.delete()
    judge()
    assert told() == ["+still_running", "-still_running"]


def test_what_an_operator_resolved_while_it_goes_on_stays_resolved(declared):
    declared("it", alerts=[alert.still_running(20 * MINUTE)])
    a_run("it", "running", started_at=ago(HOUR))
    judge()
    Incident.objects.update(resolved_at=states.clock(), resolution="by_hand")
    judge()
    assert told() == ["+still_running"]


@pytest.mark.parametrize(("until", "found"), [(None, ["+forgotten_pause"]), (DAY, [])])
def test_a_pause_without_an_end_may_be_forgotten(declared, until, found):
    declared("it", alerts=[alert.forgotten_pause()])
    a_pause("it", began_at=ago(4 * DAY), until=until and states.clock() + until)
    judge()
    assert told() == found


def test_an_override_that_lasts_is_drift_until_it_ends(declared):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.drift(DAY)])
    an_override("it", began_at=ago(2 * DAY), schedule="0 0 4 * * *")
    judge()
    assert detail().startswith("An override by ada has replaced the declaration since ")
    Intervention.objects.update(ended_at=states.clock())
    judge()
    assert told() == ["+drift", "-drift"]


def succeeded(before, **fields):
    return a_run("it", finished_at=ago(before), **fields)


@pytest.mark.parametrize(
    ("last", "since", "found"),
    [
        (25 * HOUR, 9 * DAY, []),
        (27 * HOUR, 9 * DAY, ["+not_succeeded_for"]),
        (None, 27 * HOUR, ["+not_succeeded_for"]),
        (None, 25 * HOUR, []),  # a job that was just deployed
    ],
)
def test_no_success_for_long_counts_from_the_last_or_from_the_ledgers_beginning(declared, last, since, found):
    declared("it", alerts=[alert.not_succeeded_for(26 * HOUR)])
    JobState.objects.create(job="it", ledger_from=ago(since))
    if last:
        succeeded(last)
    judge()
    assert told() == found


def test_time_in_a_pause_does_not_count_against_a_job(declared):
    declared("it", alerts=[alert.not_succeeded_for(26 * HOUR)])
    succeeded(3 * DAY)
    pause = a_pause("it", began_at=ago(2 * DAY))
    judge()
    assert told() == []
    Intervention.objects.filter(pk=pause.pk).update(ended_at=ago(HOUR))
    judge()
    assert told() == []
    Intervention.objects.filter(pk=pause.pk).update(began_at=ago(3 * DAY), ended_at=ago(27 * HOUR))
    judge()
    assert told() == ["+not_succeeded_for"]


# 06:30 in Berlin is 05:30 in UTC in winter, and 04:30 in summer.
WINTER, SUMMER = datetime(2026, 1, 15, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "now", "due", "status", "finished", "found"),
    [
        (WINTER, "05:31", "02:00", "failed", "02:10", 1),
        (WINTER, "05:29", "02:00", "failed", "02:10", 0),
        (SUMMER, "04:31", "02:00", "failed", "02:10", 1),
        (SUMMER, "04:29", "02:00", "failed", "02:10", 0),
        (WINTER, "05:31", "02:00", "succeeded", "02:10", 0),
        (WINTER, "05:31", "02:00", "running", None, 1),
        (WINTER, "05:31", "02:00", "missed", "02:10", 1),
        (WINTER, "05:31", "02:00", "skipped", "02:10", 0),
        (WINTER, "05:31", "05:45", "failed", "05:50", 0),  # due after it
    ],
)
def test_a_run_must_succeed_by_a_time_on_the_wall(declared, day, now, due, status, finished, found):
    declared("it", schedule="0 0 3 * * *", time_zone="Europe/Berlin", alerts=[alert.must_succeed_by("06:30")])

    def at(clock):
        return day + timedelta(hours=int(clock[:2]), minutes=int(clock[3:]))

    times = {"finished_at": at(finished)} if finished else {}
    a_run("it", status, scheduled_for=at(due), **times)
    overdue.judge(at(now), alone=True)
    assert told() == ["+must_succeed_by"] * found


def test_a_step_must_succeed_though_it_has_no_run_yet(declared):
    declared("root", schedule="0 0 3 * * *")
    declared("it", after="root", alerts=[alert.must_succeed_by("06:30")])
    a_run("root", "running", scheduled_for=WINTER + 3 * HOUR)
    overdue.judge(WINTER + 7 * HOUR, alone=True)
    assert detail() == "No run had succeeded by 06:30 (UTC) for what was due at 2026-01-15 03:00 UTC."


def test_a_success_of_yesterday_counts_for_nothing_due_today(declared):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.must_succeed_by("06:30")])
    a_run("it", scheduled_for=WINTER - 21 * HOUR, finished_at=WINTER - 12 * HOUR)
    a_run("it", "failed", scheduled_for=WINTER + 3 * HOUR, finished_at=WINTER + 4 * HOUR)
    overdue.judge(WINTER + 7 * HOUR, alone=True)
    assert told() == ["+must_succeed_by"]


def test_a_day_on_which_nothing_was_due_is_nobodys_business(declared):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.must_succeed_by("06:30")])
    overdue.judge(WINTER + 7 * HOUR, alone=True)
    assert told() == []


# What else the tick closes


def an_incident(cause="failed", job="it", **fields):
    return Incident.objects.create(job=job, cause=cause, **{"opened_at": ago(HOUR), "last_at": ago(HOUR)} | fields)


def test_a_success_that_an_end_at_the_same_moment_did_not_see_closes_it(declared):
    declared("it")
    an_incident()
    judge()
    assert told() == []
    succeeded(MINUTE)
    judge()
    assert told() == ["-failed"]


def test_flapping_is_over_after_six_successes(declared):
    declared("it")
    an_incident("flapping")
    for number in range(6):
        judge()
        assert told() == [], number
        succeeded(MINUTE)
    judge()
    assert told() == ["-flapping"]


def test_incidents_of_what_is_declared_no_longer_end(declared):
    declared("it", alerts="none")
    an_incident("failed"), an_incident("failed", "gone")
    judge(alone=False)
    assert Incident.objects.open().count() == 2, "another release may declare it"
    judge()
    assert set(Incident.objects.values_list("resolution", flat=True)) == {"undeclared"}
    assert (told(), told("gone")) == (["-failed"], ["-failed"])


# Occurrences that got no run


def gaps_of(declared, monkeypatch, **rules):
    """A day's occurrences of an hourly job that nobody settled."""
    declared("it", schedule="0 0 * * * *", **rules)
    began = (states.clock() - DAY).replace(minute=0, second=0, microsecond=0)
    first_seen_at(monkeypatch, began)
    settle([registry["it"]], began)
    settle([registry["it"]], began + DAY)
    return list(Gap.objects.order_by("first").values_list("reason", "count"))


def test_occurrences_that_nobody_was_there_for_are_one_incident(declared, monkeypatch):
    assert gaps_of(declared, monkeypatch, start_deadline=10 * MINUTE) == [("too_late", 23)]
    assert told() == ["+missed"]
    assert Incident.objects.get().count == 23
    assert detail().startswith("23 occurrences got no run, the last at ")


def test_occurrences_that_a_later_one_replaced_are_none(declared, monkeypatch):
    assert gaps_of(declared, monkeypatch, start_deadline="never") == [("superseded", 23)]
    assert told() == []


def test_a_job_without_the_rule_misses_silently(declared, monkeypatch):
    assert gaps_of(declared, monkeypatch, start_deadline=10 * MINUTE, alerts="none") == [("too_late", 23)]
    assert told() == []


# Our own outage


def away_for(duration):
    LastTick.objects.update(seen_at=ago(duration))


@pytest.mark.parametrize(("pause", "number"), [(4 * MINUTE, 0), (37 * MINUTE, 1)])
def test_a_pause_of_minutes_is_an_outage_of_ours(pause, number):
    away_for(pause)
    TickObserver().observe()
    assert Incident.objects.filter(job="", cause="not_running").count() == number
    assert not Notice.objects.exists(), "what came of it isn't known yet"


def test_a_clock_that_was_set_is_no_outage(database_clock):
    observer = TickObserver()
    observer.observe()
    database_clock.set(ahead=HOUR)
    observer.observe()
    assert Event.objects.get().kind == EventKind.CLOCK_JUMPED
    assert not Incident.objects.exists()


@pytest.fixture
def outage(declared, monkeypatch):
    """Two jobs were due while nobody was there for 37 minutes; the tick that comes back finds them."""
    declared("every_minute", schedule="0 * * * * *", timer=False)
    declared("strict", schedule="0 */10 * * * *", timer=False, start_deadline=2 * MINUTE)
    began = ago(40 * MINUTE)
    first_seen_at(monkeypatch, began)
    settle(registry.values(), began)
    JobState.objects.update(ledger_through=ago(37 * MINUTE), next_due_at=ago(37 * MINUTE))
    away_for(37 * MINUTE)
    tick.tick()


def test_an_outage_is_one_incident_that_says_what_became_of_its_occurrences(outage):
    incident = Incident.objects.get()
    assert (incident.job, incident.cause, incident.resolution) == ("", "not_running", "recovered")
    assert incident.detail.startswith("Not running ")
    assert " occurrences of 2 jobs; " in incident.detail
    assert incident.detail.endswith(" missed.")
    assert incident.resolved_at - incident.opened_at >= 36 * MINUTE
    assert told("") == ["+not_running"]


def test_a_tick_that_dies_on_the_way_leaves_it_to_the_next(monkeypatch):
    away_for(HOUR)
    Gap.objects.create(job="it", first=ago(HOUR / 2), last=ago(HOUR / 2), count=1, fate="missed", reason="too_late")
    JobState.objects.create(job="it")
    TickObserver().observe()
    TickObserver().observe()
    outages.report()
    assert told("") == ["+not_running"]
    assert detail().endswith(" 1 occurrence of 1 job; 1 missed.")


def test_an_outage_in_which_nothing_was_due_is_kept_and_nobody_hears_of_it():
    away_for(HOUR)
    TickObserver().observe()
    outages.report()
    assert detail().endswith(" UTC: nothing was due.")
    assert told("") == []


def test_what_a_timer_finds_missed_before_the_tick_is_back_belongs_to_the_outage(declared, monkeypatch):
    away_for(2 * DAY)
    gaps_of(declared, monkeypatch, start_deadline=10 * MINUTE)
    assert told() == []


def test_rules_about_time_wait_until_ticks_have_come_for_a_while(declared):
    declared("it", alerts=[alert.still_running(20 * MINUTE)])
    a_run("it", "running", started_at=ago(HOUR))
    LastTick.objects.update(unbroken_since=ago(4 * MINUTE))
    judge()
    assert told() == []


def test_the_sentence_of_an_outage():
    at = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
    fates = _Fates({f"job {number}" for number in range(12)}, caught_up=9, superseded=28)
    assert sentence(at, at + 37 * MINUTE, fates) == (
        "Not running 02:10–02:47 UTC: 37 occurrences of 12 jobs; 9 caught up, 28 superseded."
    )
    assert sentence(at, at + DAY, _Fates({"it"}, missed=1)) == (
        "Not running 2026-03-01 02:10 – 2026-03-02 02:10 UTC: 1 occurrence of 1 job; 1 missed."
    )


# What it costs


def statements_of_a_tick():
    tick.tick()
    with CaptureQueriesContext(connection) as asked:
        tick.tick()
    return [query["sql"] for query in asked if "incident" in query["sql"]]


def test_a_tick_asks_nothing_more_without_rules_about_time_and_open_incidents(declared):
    declared("it")
    # The note that it sees the database, and the look for what there is to do, are asked anyway.
    assert len(statements_of_a_tick()) == 2
    an_incident("lost")
    assert len(statements_of_a_tick()) == 5


def test_a_tick_judges_all_jobs_in_one_statement(declared):
    for number in range(20):
        declared(f"it_{number}", alerts=[alert.still_running(MINUTE), alert.not_succeeded_for(DAY)])
    assert len(statements_of_a_tick()) == 2 + 1


def test_missed_occurrences_of_many_jobs_take_one_statement():
    moment = ago(HOUR)
    swallowed = [incidents.Swallowed(f"it_{number}", "too_late", "", moment, moment, 1) for number in range(20)]
    with CaptureQueriesContext(connection) as asked:
        incidents.missed(swallowed)
    assert len(asked) == 1
    assert Incident.objects.open().count() == 20
