"""Scheduled runs come from `settle`: with PostgreSQL, since it keeps the promise."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from jobs.choices import Status, Trigger
from jobs.declarations.registry import registry
from jobs.ledger import enqueue, interventions, states
from jobs.ledger import settle as module
from jobs.ledger.settle import Settled, retire, settle
from jobs.models import Event, Gap, Intervention, JobState, Run
from tests.helpers.at_once import at_once
from tests.helpers.moments import at
from tests.helpers.rows import a_pause, a_run, first_seen_at

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 14, 0, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def first_seen(monkeypatch):
    """This process began at midnight."""
    first_seen_at(monkeypatch, START)


@pytest.fixture
def hourly(declared):
    """A job of every hour, whose ledger began at midnight."""
    return declare_again(declared, schedule="0 0 * * * *")


def declare_again(declared, name="nightly", **rules):
    registry.remove(name)
    declared(name, command="succeeds", **rules)
    settle([registry[name]], START)
    return registry[name]


def runs(**filters):
    return [
        (f"{run.scheduled_for:%H:%M:%S}", run.trigger, run.status)
        for run in Run.objects.filter(**filters).order_by("scheduled_for")
    ]


def gaps():
    return [
        (f"{gap.first:%H:%M:%S}", f"{gap.last:%H:%M:%S}", gap.count, gap.reason)
        for gap in Gap.objects.order_by("first")
    ]


def test_a_run_is_queued_for_an_occurrence_that_is_due(hourly):
    [queued] = settle([hourly], at("01:00")).runs
    run = Run.objects.get()
    assert queued == (run.pk, "nightly", at("01:00"))
    assert (run.status, run.trigger, run.requested_by) == (Status.QUEUED, "schedule", "schedule")
    assert (run.arguments, run.exclusive, run.start_by) == ([], True, at("02:00"))


def test_an_occurrence_settled_twice_has_one_run(hourly):
    assert len(settle([hourly], at("01:00")).runs) == 1
    assert settle([hourly], at("01:00")).runs == []
    assert Run.objects.count() == 1


def test_it_answers_whether_anything_was_due_also_where_no_run_came_of_it(hourly):
    assert settle([hourly], at("00:30")) == Settled()
    a_pause(began_at=START)
    assert settle([hourly], at("01:00")) == Settled(due=frozenset({"nightly"}))
    assert settle([hourly], at("01:00")) == Settled()


@pytest.mark.django_db(transaction=True)
def test_what_another_session_decides_meanwhile_was_due(hourly, monkeypatch):
    """A timer's call that comes second doesn't take its own occurrence for an ambiguous one."""
    hold = module._hold

    def late(*arguments):
        monkeypatch.undo()
        settle([hourly], at("01:00"))
        return hold(*arguments)

    monkeypatch.setattr(module, "_hold", late)
    assert settle([hourly], at("01:00")) == Settled(due=frozenset({"nightly"}))
    assert Run.objects.count() == 1


def test_the_watermark_and_the_next_occurrence_are_kept(hourly):
    settle([hourly], at("01:00:07"))
    state = JobState.objects.get()
    assert (state.ledger_from, state.ledger_through, state.next_due_at) == (START, at("01:00:07"), at("02:00"))


def test_where_nothing_is_due_nothing_is_written(hourly):
    with CaptureQueriesContext(connection) as queries:
        settle([hourly], at("00:30"))
    assert not [query for query in queries if "UPDATE jobs" in query["sql"] or "INSERT" in query["sql"]]


def test_the_clock_is_the_databases_unless_given(declared):
    declared("nightly", schedule="0 0 * * * *")
    settle([registry["nightly"]], START)
    settle([registry["nightly"]])
    assert abs(JobState.objects.get().ledger_through - states.clock()) < timedelta(minutes=1)


def test_a_job_without_a_schedule_is_never_due(declared):
    declared("by_hand")
    assert settle([registry["by_hand"]], at("01:00")).runs == []
    assert not JobState.objects.exists()


def test_the_ledger_begins_when_the_job_is_first_seen(declared):
    declared("nightly", schedule="0 0 * * * *")
    assert [run.scheduled_for for run in settle([registry["nightly"]], at("01:00")).runs] == [at("01:00")]
    assert JobState.objects.get().ledger_from == START


def test_an_occurrence_missed_on_the_way_is_made_up_for_once(hourly):
    settle([hourly], at("01:00"))
    Run.objects.update(status="succeeded", finished_at=at("01:10"))
    settle([hourly], at("05:30"))
    assert runs(trigger="catch_up") == [("05:00:00", "catch_up", "queued")]
    assert gaps() == [("02:00:00", "04:00:00", 3, "too_late")]


def test_a_run_in_the_way_is_named_by_the_gap(hourly):
    [first] = settle([hourly], at("01:00")).runs
    Run.objects.update(created_at=at("01:00"))
    settle([hourly], at("02:00"))
    settle([hourly], at("03:00"))
    gap = Gap.objects.get()
    assert (gap.blocked_by_id, gap.first, gap.last, gap.count) == (first.run, at("02:00"), at("03:00"), 2)


def test_of_each_job_only_the_runs_since_its_own_watermark_are_read(hourly):
    now = states.clock()
    for job, watermark in {"often": timedelta(hours=1), "seldom": timedelta(days=30)}.items():
        a_run(job, finished_at=now - timedelta(days=3))
        JobState.objects.create(job=job, ledger_through=now - watermark)
    found = states.read(["often", "seldom"], active_since=now)
    assert {state.job: len(state.activity) for state in found} == {"often": 0, "seldom": 1}


def test_a_run_that_was_asked_for_since_the_look_is_seen(hourly):
    settle([hourly], START)
    looked = states.read([hourly.name])
    with transaction.atomic():
        run = enqueue.enqueue(hourly, Trigger.MANUAL, requested_by="a test")
    # As in a statement whose snapshot is older than the lock that it waited for.
    assert states.read([hourly.name])[0].version != looked[0].version
    [held] = states.hold([hourly.name], [], looked, looked[0].clock, skip_locked=False)
    assert [active.run for active in held.activity] == [run.run_id]


def test_a_run_that_is_replaced_is_cancelled(declared):
    job = declare_again(declared, schedule="0 0 * * * *", overlap="replace")
    settle([job], at("01:00"))
    settle([job], at("02:00"))
    assert runs() == [("01:00:00", "schedule", "cancelled"), ("02:00:00", "schedule", "queued")]


def test_an_occurrence_that_has_a_run_already_gets_no_other(hourly):
    a_run(scheduled_for=at("01:00"))
    assert settle([hourly], at("01:00")).runs == []
    assert Run.objects.count() == 1


def test_a_months_pause_of_a_job_of_every_ten_seconds_is_one_row(declared):
    job = declare_again(declared, schedule="*/10 * * * * *")
    states.lock(job)
    a_pause(began_at=START, reason="a move")
    for day in range(1, 31):
        settle([job], START + timedelta(days=day))
    gap = Gap.objects.get()
    assert (gap.count, gap.first, gap.last) == (259_200, at("00:00:10"), START + timedelta(days=30))
    assert (gap.fate, gap.reason, gap.by, gap.note) == ("skipped", "paused", "ada", "a move")


def test_a_disabled_job_costs_one_row_too(hourly, monkeypatch):
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "true")
    for hour in range(1, 6):
        assert settle([hourly], at(f"0{hour}:00")).runs == []
    assert gaps() == [("01:00:00", "05:00:00", 5, "disabled")]


def test_a_gap_is_not_lengthened_over_a_run_between(hourly, monkeypatch):
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "true")
    settle([hourly], at("01:00"))
    monkeypatch.delenv("AzureWebJobs.nightly.Disabled")
    settle([hourly], at("02:00"))
    Run.objects.update(status="succeeded", finished_at=at("02:10"))
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "true")
    settle([hourly], at("03:00"))
    assert gaps() == [("01:00:00", "01:00:00", 1, "disabled"), ("03:00:00", "03:00:00", 1, "disabled")]


def test_a_gap_of_another_cause_is_another_row(hourly, monkeypatch):
    a_pause(began_at=START)
    settle([hourly], at("01:00"))
    Intervention.objects.update(by="bob")
    settle([hourly], at("02:00"))
    assert [gap.by for gap in Gap.objects.order_by("first")] == ["ada", "bob"]


def test_a_gap_that_is_lengthened_may_be_followed_by_a_run(hourly):
    pause = a_pause(began_at=START, until=at("02:30"))
    settle([hourly], at("01:00"))
    settle([hourly], at("03:00"))
    assert gaps() == [("01:00:00", "02:00:00", 2, "paused")]
    assert runs() == [("03:00:00", "schedule", "queued")]
    state = JobState.objects.get()
    pause.refresh_from_db()
    assert (pause.ended_at, pause.ended_by, state.last_gap) == (at("02:30"), "", None)


def edit(declared, monkeypatch, name="nightly", *, seen, **rules):
    """A release with another declaration: a new process, which first sees it at this time."""
    first_seen_at(monkeypatch, at(seen))
    registry.remove(name)
    declared(name, command="succeeds", **rules)
    return registry[name]


def test_another_schedule_is_in_force_from_when_it_is_first_seen_and_invents_no_past(hourly, declared, monkeypatch):
    settle([hourly], at("01:00"))
    Run.objects.update(status="succeeded", finished_at=at("01:01"))
    edited = edit(declared, monkeypatch, seen="01:15", schedule="0 */10 * * * *", start_deadline=timedelta(minutes=5))
    assert [run.scheduled_for for run in settle([edited], at("01:30")).runs] == [at("01:30")]
    assert gaps() == [("01:20:00", "01:20:00", 1, "too_late")]
    state = JobState.objects.get()
    assert (state.fingerprint, state.ledger_from) == ("0 */10 * * * * UTC", at("01:15"))
    event = Event.objects.get()
    assert (event.job, event.kind, event.by) == ("nightly", "schedule_changed", "code")
    assert event.message == (
        "The schedule changed from 0 0 * * * * UTC to 0 */10 * * * * UTC. "
        "What was due until 2026-03-14T01:15:00+00:00 is decided by the former one."
    )


def test_an_occurrence_due_under_both_schedules_while_a_release_is_deployed_runs(declared, monkeypatch):
    daily = declare_again(declared, schedule="0 0 3 * * *")
    settle([daily], at("02:58"))
    edited = edit(declared, monkeypatch, seen="03:02", schedule="0 0 3,15 * * *")
    assert [run.scheduled_for for run in settle([edited], at("03:02:10")).runs] == [at("03:00")]


def test_what_was_due_under_the_former_schedule_is_decided_by_the_jobs_rules(declared, monkeypatch):
    job = declare_again(declared, schedule="*/10 * * * * *")
    settle([job], at("08:44:10"))
    Run.objects.all().delete()
    Gap.objects.all().delete()
    edited = edit(declared, monkeypatch, seen="08:44:47", schedule="*/15 * * * * *")
    assert [run.scheduled_for for run in settle([edited], at("08:44:50")).runs] == [at("08:44:40")]
    assert gaps() == [("08:44:20", "08:44:30", 2, "superseded")]
    assert Gap.objects.get().fingerprint == "*/10 * * * * * UTC"


def test_the_former_schedules_own_period_is_its_deadline(declared, monkeypatch):
    daily = declare_again(declared, schedule="0 0 3 * * *")
    settle([daily], at("02:58"))
    edited = edit(declared, monkeypatch, seen="04:03", schedule="0 */5 * * * *")
    assert [run.scheduled_for for run in settle([edited], at("04:04")).runs] == [at("03:00")]


def test_another_name_of_the_same_clock_is_no_change(declared, monkeypatch):
    job = declare_again(declared, schedule="0 0 * * * *", time_zone="Europe/Kiev")
    a_pause(began_at=START)
    settle([job], at("01:00"))
    renamed = edit(declared, monkeypatch, seen="01:30", schedule="0 0 * * * *", time_zone="Europe/Kyiv")
    settle([renamed], at("02:00"))
    assert not Event.objects.exists()
    state = JobState.objects.get()
    assert (state.ledger_from, state.fingerprint) == (START, "0 0 * * * * Europe/Kyiv")


@pytest.mark.parametrize(
    ("former", "why"),
    [
        ("0 0 * * * * Mars/Olympus", "There is no time zone 'Mars/Olympus'. Write an IANA name like 'Europe/Berlin'"),
        (
            "7 7 UTC",
            "The expression '7 7' has 2 fields, not five or six separated by spaces. Write second, minute, "
            "hour, day of month, month and day of week, like '0 0 3 * * *'",
        ),
    ],
)
def test_a_former_schedule_that_cant_be_read_leaves_an_event_that_says_what_isnt_known(
    hourly, declared, monkeypatch, former, why
):
    settle([hourly], at("01:00"))
    JobState.objects.update(fingerprint=former, declared=former)
    edited = edit(declared, monkeypatch, seen="03:10", schedule="0 30 * * * *")
    settle([edited], at("03:20"))
    assert Event.objects.get().message == (
        f"The schedule changed from {former} to 0 30 * * * * UTC. The former one can't be read here ({why}), "
        "so it isn't known what was due by it from 2026-03-14T01:00:00+00:00 to 2026-03-14T03:10:00+00:00."
    )
    assert JobState.objects.get().ledger_from == at("03:10")


def test_the_older_of_two_releases_drops_nothing_of_the_newer(hourly, declared, monkeypatch):
    """They take turns while one replaces the other; what the ledger's schedule names is settled by that."""
    newer = edit(declared, monkeypatch, seen="00:10", schedule="0 30 * * * *", misfire="all", overlap="allow")
    settle([newer], at("00:20"))
    first_seen_at(monkeypatch, START)
    settle([hourly], at("00:40"))
    first_seen_at(monkeypatch, at("00:10"))
    settle([newer], at("01:10"))
    assert [f"{run.scheduled_for:%H:%M}" for run in Run.objects.order_by("scheduled_for")] == ["00:30", "01:00"]


def test_a_release_takes_over_by_the_databases_clock_also_from_a_host_whose_own_is_ahead(declared, monkeypatch):
    began = states.clock()
    first_seen_at(monkeypatch, began)
    declared("nightly", command="succeeds", schedule="0 0 0 1 1 *")
    settle([registry["nightly"]])
    first_seen_at(monkeypatch, began - timedelta(hours=1))
    registry.clear()
    declared("nightly", command="succeeds", schedule="* * * * * *")
    ahead = began + timedelta(seconds=10)
    settle([registry["nightly"]], ahead)
    assert JobState.objects.get().ledger_from <= states.clock()
    [run] = Run.objects.all()
    assert sum(gap.count for gap in Gap.objects.filter(fingerprint__startswith="*")) >= 8
    assert run.scheduled_for > ahead - timedelta(seconds=1)


def test_what_was_due_before_a_schedule_was_taken_away_is_missed(hourly, monkeypatch):
    settle([hourly], at("01:00"))
    first_seen_at(monkeypatch, at("03:30"))
    retire([])
    assert gaps() == [("02:00:00", "03:00:00", 2, "unscheduled")]
    state = JobState.objects.get()
    assert (state.fingerprint, state.next_due_at, state.ledger_through) == ("", None, at("03:30"))
    assert Event.objects.get().message == (
        "The schedule 0 0 * * * * UTC was taken away. What was due until 2026-03-14T03:30:00+00:00 is missed."
    )


def test_an_edited_schedule_never_moves_the_watermark_back(hourly, declared):
    """A timer whose clock is ahead settles an occurrence before the database's clock comes to it."""
    (run,) = settle([hourly], at("01:00:00.25")).runs
    edited = declare_again(declared, schedule="0 */7 * * * *")
    settle([edited], at("00:59:59.5"))
    state = JobState.objects.get()
    assert run.scheduled_for < state.ledger_from == state.ledger_through == at("01:00:00.25")


def test_the_gap_of_another_schedule_is_not_lengthened(hourly, declared):
    a_pause(began_at=START)
    settle([hourly], at("01:00"))
    registry.clear()
    declared("nightly", schedule="0 30 * * * *")
    settle([registry["nightly"]], at("01:30"))
    assert [gap.fingerprint for gap in Gap.objects.order_by("first")] == ["0 0 * * * * UTC", "0 30 * * * * UTC"]


def test_fresh_occurrences_are_left_to_a_timer_for_a_while(hourly):
    patience = timedelta(seconds=30)
    assert settle([hourly], at("01:00:29"), patience=patience).runs == []
    assert JobState.objects.get().ledger_through == START
    assert len(settle([hourly], at("01:00:30"), patience=patience).runs) == 1


def test_a_job_without_a_timer_has_nobody_to_leave_them_to(declared):
    job = declare_again(declared, schedule="0 0 * * * *", timer=False)
    assert len(settle([job], at("01:00"), patience=timedelta(seconds=30)).runs) == 1


def test_all_that_a_call_writes_is_written_or_nothing(hourly, monkeypatch):
    monkeypatch.setattr("jobs.ledger.settle.point", lambda name: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        settle([hourly], at("01:00"))
    assert not Run.objects.exists()
    assert JobState.objects.get().ledger_through == START


def declare_many(declared, number):
    for place in range(number):
        declared(f"job_{place}", command="succeeds", schedule="0 0 * * * *", timer=False)
    return registry.scheduled()


def test_ten_thousand_jobs_cost_as_many_statements_as_one(declared):
    jobs = declare_many(declared, 10_000)
    settle(jobs, START)
    with CaptureQueriesContext(connection) as queries:
        assert len(settle(jobs, at("01:00")).runs) == 10_000
    assert [query["sql"].split()[0] for query in queries] == [
        "SELECT",
        "SAVEPOINT",
        "SELECT",  # the transaction's bounds
        "SELECT",
        "WITH",
        "RELEASE",
    ]


def test_a_thousand_gaps_are_lengthened_in_one_statement(declared):
    jobs = declare_many(declared, 1000)
    settle(jobs, START)
    for job in jobs:
        a_pause(job.name, began_at=START)
    settle(jobs, at("01:00"))
    with CaptureQueriesContext(connection) as queries:
        settle(jobs, at("02:00"))
    assert [query["sql"].split()[0] for query in queries] == [
        "SELECT",
        "SAVEPOINT",
        "SELECT",  # the transaction's bounds
        "SELECT",
        "UPDATE",
        "WITH",
        "INSERT",  # of what the day counts
        "RELEASE",
    ]
    assert set(Gap.objects.values_list("count", flat=True)) == {2}
    assert Gap.objects.count() == 1000


def test_a_thousand_schedules_change_in_a_few_statements(declared):
    settle(declare_many(declared, 1000), START)
    registry.clear()
    for place in range(1000):
        declared(f"job_{place}", schedule="0 30 * * * *")
    with CaptureQueriesContext(connection) as queries:
        settle(registry.scheduled(), at("00:10"))
    assert len(queries) == 7
    assert Event.objects.count() == 1000


@pytest.fixture
def elsewhere(transactional_db):
    """Run something in another thread, with a connection of its own."""

    def start(target, *arguments):
        def work():
            try:
                target(*arguments)
            finally:
                connections.close_all()

        thread = threading.Thread(target=work)
        thread.start()
        return thread

    return start


@pytest.mark.django_db(transaction=True)
def test_many_at_once_queue_one_run_an_occurrence(hourly):
    moments = [START + timedelta(hours=hour) for hour in range(1, 9)]

    def work(_):
        for moment in moments:
            settle([hourly], moment)

    at_once(work, range(8))
    covered = Run.objects.count() + sum(Gap.objects.values_list("count", flat=True))
    assert covered == len(moments)


def test_the_tick_leaves_a_job_that_another_settles_to_it(elsewhere, hourly, declared):
    declared("other", command="succeeds", schedule="0 0 * * * *")
    settle([registry["other"]], START)
    locked, done = threading.Event(), threading.Event()

    def hold():
        with transaction.atomic():
            states.lock(hourly)
            locked.set()
            done.wait(10)

    thread = elsewhere(hold)
    locked.wait(10)
    queued = settle([hourly, registry["other"]], at("01:00"), skip_locked=True).runs
    done.set()
    thread.join()
    assert [run.job for run in queued] == ["other"]
    assert [run.job for run in settle([hourly], at("01:00"), skip_locked=True).runs] == ["nightly"]


@pytest.mark.django_db(transaction=True)
def test_two_that_see_a_job_first_make_one_row(declared):
    declared("nightly", schedule="0 0 * * * *")
    at_once(lambda _: settle([registry["nightly"]], at("01:00")), range(4))
    assert (JobState.objects.count(), Run.objects.count()) == (1, 1)


def test_a_pause_is_served_up_to_before_it_begins(hourly):
    JobState.objects.update(
        ledger_from=states.clock() - timedelta(hours=5), ledger_through=states.clock() - timedelta(hours=5)
    )
    interventions.pause(hourly, by="ada")
    assert Run.objects.count() == 1
    assert not Gap.objects.filter(reason="paused").exists()


def test_a_run_asked_for_later_is_in_nobodys_way_until_its_moment(hourly):
    """Asked at 00:30 for 04:30, found running at 05:10: it was in the way at 05:00 only."""
    a_run(
        status=Status.RUNNING,
        created_at=at("00:30"),
        requested_for=at("04:30"),
        not_before=at("04:30"),
        started_at=at("04:30"),
    )
    settle([hourly], at("05:10"))
    assert gaps() == [("01:00:00", "04:00:00", 4, "too_late"), ("05:00:00", "05:00:00", 1, "overlap")]
