"""What becomes of occurrences: tables of moments, and properties for all of them."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.choices import Fate, Misfire, Overlap, Reason, Trigger
from jobs.declarations.job import Job
from jobs.ledger.eras import Era
from jobs.ledger.overlap import Activity, Collision, collide
from jobs.ledger.plan import CATCH_UP_LIMIT, PlannedGap, PlannedRun, decide
from jobs.models import Intervention
from jobs.schedule.occurrences import Schedule
from tests.helpers.moments import at

HOURLY = Schedule("0 0 * * * *")
MINUTELY = Schedule("0 * * * * *")
EVERY_TEN_SECONDS = Schedule("*/10 * * * * *")


def a_job(schedule=HOURLY, **rules):
    return Job(name="nightly", command="nightly", schedule=schedule, **rules)


def decided(job, after, now, due_until=None, **facts):
    """The plan on one schedule's occurrences in (after, due_until], or up to now."""
    return decide([Era(job, after, due_until or now)], now=now, **facts)


def entries(job, after, now, **facts):
    """The plan for the window, short: runs as times, with "late" where they are caught up, and gaps as tuples."""
    return short(decided(job, after, now, **facts))


def short(plan):
    return [_short(entry) for entry in plan.entries]


def _short(entry):
    if isinstance(entry, PlannedRun):
        return f"{entry.scheduled_for:%H:%M:%S}" + (" late" if entry.trigger is Trigger.CATCH_UP else "")
    span = f"{entry.first:%H:%M:%S}" if entry.count == 1 else f"{entry.first:%H:%M:%S}-{entry.last:%H:%M:%S}"
    return (span, str(entry.reason)) if entry.blocked_by is None else (span, str(entry.reason), entry.blocked_by)


def running(run=7, since="01:30", until=None, **facts):
    return Activity(run=run, since=at(since), finished_at=until and at(until), **facts)


def test_an_occurrence_in_time_gets_a_run():
    assert entries(a_job(), at("02:00"), at("03:00")) == ["03:00:00"]


def test_nothing_is_due_between_occurrences():
    assert entries(a_job(), at("02:00"), at("02:59:59")) == []


def test_the_watermark_itself_is_decided_already():
    assert entries(a_job(), at("03:00"), at("03:00")) == []


def test_occurrences_after_the_end_of_the_window_wait():
    assert entries(a_job(MINUTELY), at("03:00"), at("03:02"), due_until=at("03:01:30")) == ["03:01:00"]


@pytest.mark.parametrize(
    ("misfire", "expected"),
    [
        ("latest", [("01:00:00", "too_late"), ("02:00:00-03:00:00", "superseded"), "04:00:00 late"]),
        ("all", [("01:00:00", "too_late"), "02:00:00 late", "03:00:00 late", "04:00:00 late"]),
        ("none", [("01:00:00", "too_late"), ("02:00:00-04:00:00", "too_late")]),
    ],
)
def test_late_occurrences_become_what_the_misfire_policy_says(misfire, expected):
    job = a_job(misfire=Misfire(misfire), start_deadline=timedelta(hours=2, minutes=30))
    assert entries(job, at("00:30"), at("04:30")) == expected


def test_an_occurrence_that_is_late_and_one_in_time_are_one_run():
    job = a_job(start_deadline=timedelta(hours=2))
    assert entries(job, at("02:30"), at("04:00:01")) == [("03:00:00", "superseded"), "04:00:00"]


def test_with_misfire_none_an_occurrence_within_two_minutes_still_runs():
    job = a_job(misfire=Misfire.NONE)
    assert entries(job, at("02:30"), at("03:02")) == ["03:00:00"]
    assert entries(job, at("02:30"), at("03:02:00.000001")) == [("03:00:00", "too_late")]


def test_misfire_none_is_reported_beside_the_reason():
    [gap] = decided(a_job(misfire=Misfire.NONE), at("02:30"), at("03:30")).entries
    assert (gap.fate, gap.note) == (Fate.MISSED, "misfire='none'")


def test_misfire_all_makes_up_for_a_limited_number_oldest_first():
    job = a_job(MINUTELY, misfire=Misfire.ALL, start_deadline=timedelta(hours=6))
    plan = decided(job, at("00:00"), at("03:00"))
    superseded, *runs = plan.entries
    assert (superseded.count, superseded.reason) == (180 - CATCH_UP_LIMIT, Reason.SUPERSEDED)
    assert len(runs) == CATCH_UP_LIMIT
    assert runs == sorted(runs, key=lambda run: run.scheduled_for)
    assert runs[-1].scheduled_for == at("03:00")


def test_misfire_all_keeps_to_the_most_that_may_run_beside_each_other():
    job = a_job(misfire=Misfire.ALL, overlap=Overlap.ALLOW, max_running=3, start_deadline=timedelta(hours=6))
    found = entries(job, at("00:30"), at("05:30"), activity=[running()])
    assert found == [("01:00:00-03:00:00", "superseded"), "04:00:00 late", "05:00:00 late"]


@pytest.mark.parametrize(
    ("schedule", "deadline", "now", "expected"),
    [
        (HOURLY, None, "04:00:00", ["04:00:00"]),
        (HOURLY, timedelta(minutes=10), "03:10:00", ["03:00:00 late"]),
        (HOURLY, timedelta(minutes=10), "03:10:00.000001", [("03:00:00", "too_late")]),
    ],
)
def test_an_occurrence_may_start_up_to_its_deadline(schedule, deadline, now, expected):
    found = entries(a_job(schedule, start_deadline=deadline), at("02:30"), at(now))
    assert found[-1:] == expected


def test_without_a_deadline_the_latest_occurrence_runs_however_late_it_is():
    job = a_job(start_deadline="never")
    now = at("02:30")
    *gaps, run = decided(job, now - timedelta(days=400), now).entries
    assert {gap.reason for gap in gaps} == {"superseded"}
    assert (run.scheduled_for, run.start_by) == (at("02:00"), None)


@pytest.mark.parametrize(
    ("schedule", "deadline"),
    [
        ("*/10 * * * * *", timedelta(minutes=2)),
        ("0 * * * * *", timedelta(minutes=2)),
        ("0 */5 * * * *", timedelta(minutes=5)),
        ("0 0 3 * * *", timedelta(days=1)),
        ("0 0 3 * * MON", timedelta(days=1)),
    ],
)
def test_the_deadline_is_one_period_but_no_less_than_the_tick_needs_and_no_more_than_a_day(schedule, deadline):
    assert a_job(Schedule(schedule)).deadline_at(at("12:00")) == deadline


def test_without_a_declared_deadline_misfire_all_makes_up_for_a_day():
    job = a_job(misfire=Misfire.ALL)
    found = decided(job, at("00:30"), at("00:30") + timedelta(hours=30))
    assert len(found.runs) == 24
    assert [entry.reason for entry in found.entries if isinstance(entry, PlannedGap)] == [Reason.TOO_LATE]


def test_the_tick_takes_up_what_the_timer_of_a_job_of_every_minute_left():
    now = at("03:01:00.3")
    assert entries(a_job(MINUTELY), at("02:59:30"), now, due_until=now - timedelta(seconds=30)) == ["03:00:00"]


def test_a_run_in_the_way_of_a_job_of_every_minute_is_waited_for():
    now = at("03:02:00.3")
    job = a_job(MINUTELY, overlap=Overlap.QUEUE)
    found = entries(job, at("03:00:30"), now, due_until=now - timedelta(seconds=30), activity=[running(since="03:00")])
    assert found == ["03:01:00"]


def test_only_a_run_that_can_start_at_once_is_held_to_the_deadline():
    def start_by(**facts):
        job = a_job(overlap=Overlap.QUEUE)
        [run] = decided(job, at("02:30"), at("03:00"), **facts).runs
        return run.start_by

    assert start_by() == at("04:00")
    assert start_by(activity=[running()]) is None


@pytest.mark.parametrize(
    ("overlap", "activity", "expected"),
    [
        ("skip", [], ["03:00:00"]),
        ("skip", [running()], [("03:00:00", "overlap", 7)]),
        ("skip", [running(started=False)], [("03:00:00", "overlap", 7)]),
        ("skip", [running(until="02:59")], ["03:00:00"]),
        ("skip", [running(until="03:00")], [("03:00:00", "overlap", 7)]),
        ("queue", [running()], ["03:00:00"]),
        ("queue", [running(), running(8, started=False)], [("03:00:00", "overlap", 8)]),
        ("allow", [running(), running(8)], ["03:00:00"]),
        ("replace", [running(), running(8)], ["03:00:00"]),
    ],
)
def test_an_occurrence_becomes_what_the_overlap_policy_says(overlap, activity, expected):
    assert entries(a_job(overlap=Overlap(overlap)), at("02:30"), at("03:00:05"), activity=activity) == expected


def test_the_runs_to_replace_are_those_still_active():
    job = a_job(overlap=Overlap.REPLACE)
    activity = [running(6, until="02:45"), running(7), running(8, started=False)]
    assert decided(job, at("02:30"), at("03:00"), activity=activity).replaces == [7, 8]


def test_what_misfire_all_caught_up_is_waited_for_and_not_replaced():
    caught_up = running(8, started=False, caught_up=True)
    job = a_job(overlap=Overlap.REPLACE, misfire=Misfire.ALL)
    assert decided(job, at("02:30"), at("03:00"), activity=[running(7), caught_up]).replaces == [7]
    [run] = (plan := decided(job, at("02:30"), at("03:00"), activity=[caught_up])).runs
    assert (run.start_by, plan.replaces) == (None, [])
    once = a_job(overlap=Overlap.REPLACE)
    assert decided(once, at("02:30"), at("03:00"), activity=[running(7), caught_up]).replaces == [7, 8]


def test_nothing_is_replaced_where_nothing_is_due():
    job = a_job(overlap=Overlap.REPLACE)
    assert decided(job, at("03:00"), at("03:30"), activity=[running()]).replaces == []


def test_no_more_than_the_declared_number_run_beside_each_other():
    job = a_job(overlap=Overlap.ALLOW, max_running=2)
    assert entries(job, at("02:30"), at("03:00"), activity=[running()]) == ["03:00:00"]
    assert entries(job, at("02:30"), at("03:00"), activity=[running(), running(8)]) == [("03:00:00", "overlap", 8)]


def test_occurrences_that_passed_while_a_run_was_at_work_are_skipped_for_it():
    job = a_job(MINUTELY)
    found = entries(job, at("03:00"), at("03:05:01"), activity=[running(since="03:00:00.1", until="03:03:30")])
    assert found == [("03:01:00-03:03:00", "overlap", 7), ("03:04:00", "superseded"), "03:05:00"]


def test_two_runs_in_the_way_are_distinguished():
    activity = [running(7, since="03:00:30", until="03:02:30"), running(8, since="03:02:45", until="03:04:30")]
    found = entries(a_job(MINUTELY), at("03:00:30"), at("03:05:01"), activity=activity)
    assert found == [("03:01:00-03:02:00", "overlap", 7), ("03:03:00-03:04:00", "overlap", 8), "03:05:00"]


@pytest.mark.parametrize("policy", list(Overlap))
def test_collisions(policy):
    def with_(*activity):
        return collide(a_job(overlap=policy, max_running=2 if policy is Overlap.ALLOW else None), activity)

    waiting = running(8, started=False)
    expected = {
        Overlap.SKIP: [(Collision.SKIP, 7), (Collision.SKIP, 8)],
        Overlap.QUEUE: [(Collision.WAIT, 7), (Collision.SKIP, 8)],
        Overlap.ALLOW: [(Collision.START, None), (Collision.SKIP, 8)],
        Overlap.REPLACE: [(Collision.REPLACE, 7), (Collision.REPLACE, 8)],
    }[policy]
    assert [with_(running()), with_(running(), waiting)] == expected
    assert with_() == with_(running(until="02:00")) == (Collision.START, None)


def paused(until=None):
    pause = Intervention(began_at=at("00:00"), until=until and at(until), by="ada", reason="a move")
    return {"pauses": [pause]}


def test_a_paused_jobs_occurrences_are_skipped_for_whoever_paused_it():
    [gap] = decided(a_job(), at("00:30"), at("03:30"), **paused()).entries
    assert gap == PlannedGap(
        fingerprint=HOURLY.fingerprint,
        first=at("01:00"),
        last=at("03:00"),
        count=3,
        fate=Fate.SKIPPED,
        reason=Reason.PAUSED,
        by="ada",
        note="a move",
    )


def test_the_occurrence_at_the_end_of_a_pause_runs():
    found = entries(a_job(), at("00:30"), at("03:00"), **paused(until="03:00"))
    assert found == [("01:00:00-02:00:00", "paused"), "03:00:00"]


def test_what_passed_after_a_pause_is_decided_by_the_rules():
    job = a_job(start_deadline=timedelta(minutes=90))
    found = entries(job, at("00:30"), at("05:10"), **paused(until="02:30"))
    assert found == [
        ("01:00:00-02:00:00", "paused"),
        ("03:00:00", "too_late"),
        ("04:00:00", "superseded"),
        "05:00:00 late",
    ]


def test_a_pause_that_ended_before_the_window_is_none():
    assert entries(a_job(), at("02:30"), at("03:00"), **paused(until="01:00")) == ["03:00:00"]


@pytest.mark.parametrize("overlap", Overlap)
def test_a_run_that_yields_is_in_no_occurrences_way_and_lets_none_be_too_late(overlap):
    job = a_job(overlap=overlap, start_deadline=timedelta(minutes=1))
    [run] = decided(job, at("02:30"), at("03:00"), activity=[running(yields=True)]).runs
    assert run.start_by is None, "it may have to wait for that run's end"
    [run] = decided(job, at("02:30"), at("03:00"), activity=[running(yields=True, until="02:59")]).runs
    assert run.start_by == at("03:01")


def test_a_pause_comes_before_a_run_in_the_way():
    assert entries(a_job(), at("02:30"), at("03:00"), activity=[running()], **paused()) == [("03:00:00", "paused")]


@pytest.mark.parametrize("facts", [{}, paused(), {"activity": [running()]}])
def test_a_disabled_job_is_skipped_before_all_else(facts):
    plan = decided(a_job(), at("01:30"), at("03:30"), disabled_by="AzureWebJobs.nightly.Disabled", **facts)
    assert plan.runs == []
    # Asked for a second time: settle goes over the plan more than once.
    assert plan.entries == [
        PlannedGap(
            fingerprint=HOURLY.fingerprint,
            first=at("02:00"),
            last=at("03:00"),
            count=2,
            fate=Fate.SKIPPED,
            reason=Reason.DISABLED,
            by="AzureWebJobs.nightly.Disabled",
            note="The function is disabled in the app's settings.",
        )
    ]


def test_a_months_pause_of_a_job_of_every_ten_seconds_is_one_span():
    now = at("00:00") + timedelta(days=30)
    [gap] = decided(a_job(EVERY_TEN_SECONDS), at("00:00"), now, **paused()).entries
    assert (gap.count, gap.last) == (259_200, now)


SECONDS = st.integers(0, 3 * 3600).map(lambda seconds: at("00:00") + timedelta(seconds=seconds))
ACTIVITY = st.lists(st.tuples(SECONDS, st.one_of(st.none(), st.integers(0, 3600)), st.booleans()), max_size=4).map(
    lambda runs: [
        Activity(
            run=number,
            since=since,
            finished_at=None if lasted is None else since + timedelta(seconds=lasted),
            started=started,
        )
        for number, (since, lasted, started) in enumerate(sorted(runs, key=lambda run: run[0]))
    ]
)
JOBS = st.builds(
    a_job,
    schedule=st.sampled_from(
        [
            Schedule(expression, zone)
            for expression in ("*/30 * * * * *", "0 */7 * * * *", "0 0 * * * *", "0 30 2 * * *")
            for zone in ("UTC", "Asia/Kolkata")
        ]
    ),
    overlap=st.sampled_from(Overlap),
    misfire=st.sampled_from(Misfire),
    start_deadline=st.one_of(
        st.none(), st.just("never"), st.integers(1, 7200).map(lambda seconds: timedelta(seconds=seconds))
    ),
)


@st.composite
def situations(draw):
    """One to three schedules that were in force one after the other, and all that `decide` looks at."""
    through, *changes, now = sorted(draw(st.lists(SECONDS, min_size=2, max_size=4)))
    until = max(through, *changes, now - timedelta(seconds=draw(st.sampled_from([0, 30]))))
    eras: list[Era] = []
    for place, (after, end) in enumerate(pairwise([through, *changes, until])):
        eras.append(Era(draw(JOBS), after, end, place))
    pauses = [
        Intervention(began_at=draw(SECONDS), until=draw(st.one_of(st.none(), SECONDS)))
        for _ in range(draw(st.integers(0, 2)))
    ]
    return eras, dict(  # noqa: C408 — as `decide` is called
        now=now,
        activity=[run for run in draw(ACTIVITY) if run.since <= now],
        disabled_by=draw(st.sampled_from(["", "", "AzureWebJobs.nightly.Disabled"])),
        abandoned=draw(st.sampled_from([False, False, False, True])),
        pauses=pauses,
    )


@settings(max_examples=400)
@given(situations())
def test_each_occurrence_of_each_schedule_is_planned_exactly_once_in_order(drawn):
    eras, situation = drawn
    found = []
    for entry in decide(eras, **situation).entries:
        if isinstance(entry, PlannedRun):
            found.append(entry.scheduled_for)
        else:
            (schedule,) = {era.schedule for era in eras if era.turn == entry.turn}
            assert schedule.fingerprint == entry.fingerprint
            covered = list(schedule.between(entry.first - timedelta(microseconds=1), entry.last))
            assert (covered[0], covered[-1], len(covered)) == (entry.first, entry.last, entry.count)
            found += covered
    assert found == [moment for era in eras for moment in era.schedule.between(era.after, era.until)]


@settings(max_examples=200)
@given(situations())
def test_there_is_one_run_at_most_unless_all_are_made_up_for(drawn):
    eras, situation = drawn
    runs = decide(eras, **situation).runs
    assert len(runs) <= (CATCH_UP_LIMIT if eras[-1].job.misfire is Misfire.ALL else 1)
    deadlines = [era.job.deadline_at(situation["now"]) for era in eras]
    assert None in deadlines or all(situation["now"] - run.scheduled_for <= max(deadlines) for run in runs)


@settings(max_examples=200)
@given(situations())
def test_neighbours_with_one_cause_are_one_gap(drawn):
    for earlier, later in pairwise(decide(drawn[0], **drawn[1]).entries):
        if isinstance(earlier, PlannedGap) and isinstance(later, PlannedGap):
            assert not later.joins(earlier)


def test_a_run_of_a_group_waits_for_it_and_keeps_no_deadline():
    job = a_job(concurrency_group="table", start_deadline=timedelta(minutes=5))
    [run] = decided(job, at("02:00"), at("03:00")).runs
    assert run.start_by is None
