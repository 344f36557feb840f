"""What a prune deletes and what it never does, in a real ledger."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection

from jobs import Keep
from jobs.ledger import pins, walking
from jobs.ledger.retention import Pruned, prune
from jobs.models import Attempt, Event, Gap, Incident, Intervention, JobState, Notice, Output, Run
from tests.helpers.moments import ago
from tests.helpers.rows import NOON, a_pause, a_run, an_attempt

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def without_rest(monkeypatch):
    monkeypatch.setattr(walking, "REST", 0)


def days_ago(days):
    return NOON - timedelta(days=days)


def pruned(*, dry_run=False, **keep):
    """Prune by these rules, once each job has run again: its latest run always stays."""
    for job in set(Run.objects.values_list("job", flat=True)):
        a_run(job, requested_by="the next day")
    return prune(
        Keep(**{"days": 30, "runs": 1, "output_days": 10, "failed_days": 90} | keep), now=NOON, dry_run=dry_run
    )


def what_is_left():
    return list(Run.objects.exclude(requested_by="the next day").order_by("id"))


def a_gap(days, job="nightly", first=None, **fields):
    return Gap.objects.create(
        job=job,
        first=days_ago(first or days + 1),
        last=days_ago(days),
        count=2,
        fate="missed",
        reason="too_late",
        **fields,
    )


# What a run is, how many days ago it ended, and whether its row and its output stay.
KEPT = [
    ({}, 9, True, True),
    ({}, 11, True, False),
    ({}, 31, False, False),
    ({"status": "cancelled"}, 31, False, False),
    ({"status": "failed"}, 31, True, True),
    ({"status": "timed_out"}, 89, True, True),
    ({"status": "lost"}, 91, False, False),
    ({"pinned": True}, 1000, True, True),
    ({"pinned": True, "status": "failed"}, 1000, True, True),
    ({"status": "running"}, 1000, True, True),
    ({"status": "queued", "attempt": 1}, 1000, True, True),
]


def test_a_table_of_what_stays_of_a_run():
    runs = []
    for number, (fields, days, _, _) in enumerate(KEPT):
        at_work = fields.get("status") in {"queued", "running"}
        moment = {"created_at": days_ago(days)} if at_work else {"finished_at": days_ago(days)}
        run = a_run(f"job_{number}", **fields, **moment)
        an_attempt(run, written=[b"x" * 3000, b"y"] * 5)
        Event.objects.create(run=run, kind="release", message="of the run", at=days_ago(days))
        runs.append(run.pk)
    pruned()
    rows = set(Run.objects.values_list("pk", flat=True))
    outputs = set(Output.objects.values_list("attempt__run_id", flat=True))
    notes = set(Attempt.objects.exclude(output_deleted_at=None).values_list("run_id", flat=True))
    assert [(*case[:2], run in rows, run in outputs) for run, case in zip(runs, KEPT, strict=True)] == KEPT
    assert notes == {run for run in runs if run in rows and run not in outputs}
    assert set(Event.objects.exclude(run=None).values_list("run_id", flat=True)) == rows & set(runs)


def test_the_newest_runs_of_each_job_stay_and_the_latest_with_its_output():
    for job in ("nightly", "weekly"):
        for _ in range(5):
            an_attempt(a_run(job, finished_at=days_ago(1000)), written=[b"x"])
    prune(Keep(days=30, runs=3, output_days=10, failed_days=90), now=NOON)
    ids = {job: sorted(Run.objects.filter(job=job).values_list("id", flat=True)) for job in ("nightly", "weekly")}
    assert {job: len(found) for job, found in ids.items()} == {"nightly": 3, "weekly": 3}
    assert set(Output.objects.values_list("attempt__run_id", flat=True)) == {found[-1] for found in ids.values()}


def test_a_job_is_kept_as_it_declares_and_others_as_the_settings_say(declared, settings):
    settings.JOBS_KEEP_DAYS, settings.JOBS_KEEP_RUNS = 50, 1
    declared("long", keep=Keep(days=400, output_days=300))
    declared("short", keep=Keep(days=5))
    for job in ("long", "short", "declared_no_more"):
        for days in (500, 350, 200, 40, 3):
            an_attempt(a_run(job, finished_at=days_ago(days)), written=[b"x"])
    prune(now=NOON)
    left = {job: list(Run.objects.filter(job=job).values_list("finished_at", flat=True)) for job in ("long", "short")}
    assert left == {"long": [days_ago(days) for days in (350, 200, 40, 3)], "short": [days_ago(3)]}
    assert Run.objects.filter(job="declared_no_more").count() == 2
    assert Output.objects.filter(attempt__run__job="long").count() == 3


def test_ages_that_are_asked_for_replace_the_settings_and_not_the_declarations(declared):
    declared("long", keep=Keep(days=400))
    for job in ("long", "other"):
        a_run(job, finished_at=days_ago(20))
    assert pruned(days=7).runs == 1
    assert [run.job for run in what_is_left()] == ["long"]


def test_failures_may_go_sooner_where_that_is_asked_for():
    a_run(status="failed", finished_at=days_ago(20))
    a_run(finished_at=days_ago(20))
    assert pruned(failed_days=10).runs == 1
    assert [run.status for run in what_is_left()] == ["succeeded"]


@pytest.fixture
def few_at_a_time(monkeypatch):
    """Slices of three rows, and batches of one."""
    monkeypatch.setattr(walking, "SLICE", 3)
    monkeypatch.setattr(walking, "LEAST", 1)
    monkeypatch.setattr(walking, "MOST", 1)
    monkeypatch.setattr(walking.Pace, "FIRST", 1)
    monkeypatch.setattr(walking.Strides, "FIRST", 1)


def test_more_than_a_batch_and_a_slice_go_also_where_they_ended_at_one_moment(few_at_a_time):
    for number in range(20):
        run = a_run(finished_at=days_ago(31), status="failed" if number % 2 else "succeeded")
        an_attempt(run, written=[b"x"] * 7)
        Event.objects.create(kind="release", message="of old", at=days_ago(100))
    gone = pruned()
    assert (gone.runs, gone.events) == (10, 20)
    assert {run.status for run in what_is_left()} == {"failed"}
    assert Output.objects.count() == 70


def test_it_stops_between_two_batches_when_asked_and_the_next_one_goes_on(few_at_a_time):
    for days in range(31, 41):
        an_attempt(a_run(finished_at=days_ago(days)), written=[b"x"] * 9)
    a_run()
    asked = iter([False] * 40 + [True])
    rules = Keep(days=30, runs=1, output_days=10, failed_days=90)
    first = prune(rules, now=NOON, stop=lambda: next(asked))
    assert not first.is_complete
    left = Output.objects.count() + Run.objects.count()
    assert 1 < left < 101
    second = prune(rules, now=NOON)
    assert second.is_complete
    assert first.runs + second.runs == 10
    assert Run.objects.count() == 1


def test_a_run_that_is_pinned_while_a_prune_is_at_work_stays(few_at_a_time):
    first, second = (a_run(finished_at=days_ago(days)) for days in (40, 39))
    a_run()
    prune(Keep(days=30, runs=1), now=NOON, report=lambda _: pins.pin(second.pk, by="ada"))
    assert set(Run.objects.filter(finished_at__lt=NOON)) == {second}
    assert first not in Run.objects.all()


def test_nothing_is_held_between_two_batches_so_that_vacuum_can_go_on(transactional_db, few_at_a_time, database_url):
    import psycopg

    for days in (40, 39):
        a_run(finished_at=days_ago(days))
    a_run()
    seen = set()
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    with psycopg.connect(database_url, autocommit=True) as other:
        prune(
            Keep(days=30, runs=1),
            now=NOON,
            report=lambda _: seen.add(
                other.execute(
                    "SELECT state, backend_xid IS NULL AND backend_xmin IS NULL,"
                    " (SELECT count(*) FROM pg_locks l WHERE l.pid = a.pid) FROM pg_stat_activity a WHERE pid = %s",
                    [pid],
                ).fetchone()
            ),
        )
    assert seen == {("idle", True, 0)}


def test_the_ledger_begins_after_what_went():
    JobState.objects.create(job="nightly", ledger_from=days_ago(400), ledger_through=NOON)
    JobState.objects.create(job="weekly", ledger_from=days_ago(400), ledger_through=NOON)
    a_run(scheduled_for=days_ago(40), finished_at=days_ago(40))
    a_run(scheduled_for=days_ago(29), finished_at=days_ago(29))
    a_gap(100)
    pruned()
    assert JobState.objects.get(job="nightly").ledger_from == days_ago(40)
    assert JobState.objects.get(job="weekly").ledger_from == days_ago(400)


def test_a_job_whose_state_another_session_holds_is_left_to_the_next_prune(transactional_db, locked):
    for job in ("nightly", "weekly"):
        JobState.objects.create(job=job, ledger_from=days_ago(400), ledger_through=NOON)
        a_run(job, scheduled_for=days_ago(40), finished_at=days_ago(40))
    with locked("SELECT FROM nightshift_jobstate WHERE job = 'nightly' FOR UPDATE"):
        assert pruned().runs == 1
    assert [run.job for run in what_is_left()] == ["nightly"]
    assert pruned().runs == 1


def test_a_job_without_a_schedule_gets_no_ledger():
    JobState.objects.create(job="nightly")
    a_run(scheduled_for=days_ago(40), finished_at=days_ago(40))
    assert pruned().runs == 1
    assert JobState.objects.get().ledger_from is None


def test_an_occurrence_that_the_watermark_has_not_passed_keeps_its_run():
    """It was set back since: `settle` leaves out what has a run."""
    JobState.objects.create(job="nightly", ledger_from=days_ago(400), ledger_through=days_ago(50))
    stays = a_run(scheduled_for=days_ago(40), finished_at=days_ago(40))
    a_run(scheduled_for=days_ago(60), finished_at=days_ago(60))
    pruned()
    assert what_is_left() == [stays]


@pytest.fixture
def pipeline(declared):
    """Two jobs, a step after one of them, and one that joins both."""
    for name in ("left", "other"):
        declared(name, schedule="0 0 2 * * *")
    declared("right", after="other")
    declared("join", after=["left", "right"])


def test_an_occurrence_stays_until_all_of_its_pipeline_has_ended_for_it(pipeline):
    needed, _ = (a_run("left", scheduled_for=days_ago(days), finished_at=days_ago(days)) for days in (131, 132))
    at_work = a_run("other", "running", scheduled_for=days_ago(131))
    gap, _ = a_gap(130, "join", first=131), a_gap(132, "join", first=133)
    pruned()
    assert what_is_left() == [needed, at_work]
    assert list(Gap.objects.all()) == [gap]
    Run.objects.filter(pk=at_work.pk).update(status="succeeded", finished_at=NOON)
    pruned()
    assert what_is_left() == [Run.objects.get(pk=at_work.pk)]
    assert not Gap.objects.exists()


def test_an_occurrence_stays_until_all_of_its_pipeline_is_settled_for_it(pipeline):
    JobState.objects.create(job="other", fingerprint="x", ledger_from=days_ago(400), ledger_through=days_ago(50))
    stays = a_run("left", scheduled_for=days_ago(40), finished_at=days_ago(40))
    a_run("left", scheduled_for=days_ago(60), finished_at=days_ago(60))
    pruned()
    assert what_is_left() == [stays]


def test_the_predecessor_of_a_step_that_waits_stays():
    predecessor = a_run("left", finished_at=days_ago(40))
    step = a_run("join", "queued", chained_from=predecessor)
    pruned()
    assert what_is_left() == [predecessor, step]


def test_a_run_that_stays_forgets_the_run_that_was_in_its_way():
    stays = a_run(status="skipped", blocked_by=a_run(finished_at=days_ago(31)))
    pruned()
    stays.refresh_from_db()
    assert stays.blocked_by is None


def test_old_gaps_and_events_go_with_the_failures_and_a_gap_that_may_grow_stays():
    a_gap(91)
    young, growing = a_gap(89), a_gap(1000)
    JobState.objects.create(job="nightly", last_gap=growing)
    Event.objects.create(kind="release", message="long ago", at=days_ago(91))
    Event.objects.create(kind="release", message="of late", at=days_ago(89))
    assert pruned() == Pruned(gaps=1, events=1)
    assert set(Gap.objects.all()) == {young, growing}
    assert [str(event) for event in Event.objects.all()] == ["of late"]


def test_interventions_go_once_they_ended_long_ago_and_the_ledger_is_past_them():
    a_pause("ended", began_at=days_ago(200), ended_at=days_ago(91))
    a_pause("over", began_at=days_ago(200), until=days_ago(91))
    a_pause("ended of late", began_at=days_ago(200), ended_at=days_ago(89))
    a_pause("open", began_at=days_ago(200))
    a_pause("not settled", began_at=days_ago(200), ended_at=days_ago(91))
    JobState.objects.create(job="not settled", ledger_from=days_ago(400), ledger_through=days_ago(100))
    assert pruned() == Pruned(interventions=2)
    left = sorted(Intervention.objects.values_list("job", flat=True))
    assert left == ["ended of late", "not settled", "open"]


def an_incident(job, days, cause="failed", resolution="recovered"):
    ended = {"resolved_at": days_ago(days), "resolution": resolution} if resolution else {}
    incident = Incident.objects.create(job=job, cause=cause, opened_at=days_ago(200), **ended)
    Notice.objects.create(incident=incident, kind="opened")
    return incident


def test_incidents_go_with_their_notices_once_they_ended_long_ago():
    an_incident("ended", 91)
    an_incident("ended of late", 89)
    an_incident("open", 0, resolution="")
    an_incident("", 91, cause="not_running")
    would_go = pruned(dry_run=True)
    assert Incident.objects.count() == 4
    assert would_go == pruned() == Pruned(incidents=2)
    assert sorted(Incident.objects.values_list("job", flat=True)) == ["ended of late", "open"]
    assert Notice.objects.count() == 2


def test_a_jobs_incidents_are_kept_as_long_as_its_runs(declared):
    declared("short", keep=Keep(days=5, failed_days=5))
    declared("long", keep=Keep(days=400))
    for job in ("short", "long"):
        for days in (6, 100, 500):
            an_incident(job, days)
    assert pruned() == Pruned(incidents=4)
    assert list(Incident.objects.values_list("job", "resolved_at")) == [("long", days_ago(6)), ("long", days_ago(100))]


def test_the_latest_word_of_an_operator_stays():
    an_incident("it", 150, resolution="by_hand")
    stays = [an_incident("it", 140, resolution="by_hand"), an_incident("it", 150, "drift", resolution="by_hand")]
    an_incident("other", 150, resolution="by_hand")
    an_incident("other", 140)
    assert pruned() == Pruned(incidents=3)
    assert list(Incident.objects.order_by("id")) == stays


def test_a_dry_run_counts_what_would_go_and_leaves_it():
    an_attempt(a_run(finished_at=days_ago(31), scheduled_for=days_ago(31)))
    an_attempt(a_run(finished_at=days_ago(11)), written=[b"x"])
    a_gap(91)
    JobState.objects.create(job="nightly", ledger_from=days_ago(400), ledger_through=NOON)
    would_go = pruned(dry_run=True)
    assert (len(what_is_left()), Gap.objects.count(), Output.objects.count()) == (2, 1, 1)
    assert JobState.objects.get().ledger_from == days_ago(400)
    assert would_go == pruned() == Pruned(outputs=1, runs=1, attempts=1, gaps=1)


def test_an_empty_ledger_is_pruned_in_peace():
    assert pruned() == Pruned()


@pytest.mark.parametrize("ahead", ["the host's clock", "the database's clock"])
def test_a_clock_that_is_a_year_ahead_deletes_nothing(ahead, monkeypatch):
    a_run(finished_at=ago(days=31))
    a_run(finished_at=ago(days=1))
    clock = "django.utils.timezone.now" if ahead == "the host's clock" else "jobs.ledger.states.clock"
    monkeypatch.setattr(clock, lambda: datetime.now(UTC) + timedelta(days=366))
    assert prune(Keep(days=90, runs=1)) == Pruned()


@pytest.mark.parametrize("seconds", [0.001, 10])
def test_ranges_of_ids_are_as_wide_as_the_time_allows_and_leave_nothing_out(monkeypatch, seconds):
    monkeypatch.setattr(walking.time, "monotonic", iter(seconds * reading for reading in range(10**6)).__next__)
    ranges = [*walking.Strides().up_to(17, 100_000)]
    assert ranges[0][0] == 17
    assert ranges[-1][0] <= 100_000 < ranges[-1][1]
    assert all(high == low for (_, high), (low, _) in pairwise(ranges))
    widths = [high - low for low, high in ranges]
    assert (max(widths) > 30_000) if seconds < 1 else (widths[-1] == walking.Strides.LEAST)
