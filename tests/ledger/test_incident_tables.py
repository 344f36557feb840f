"""Every rule of alerts under what comes between: retries, a pause, another schedule, a deployment, a clock change."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import alert
from jobs.choices import AttemptStatus
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, endings, holds, interventions, overdue, states
from jobs.ledger.attempts import Outcome
from jobs.models import Incident, JobState, LastTick, Notice, Run
from tests.helpers.rows import HERE, a_pause, a_queued_run, a_run, settled_ticks

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SUCCESS = Outcome(status=AttemptStatus.SUCCEEDED, wall=MINUTE)
FAILURE = Outcome(status=AttemptStatus.FAILED, error="No.")
LOST = Outcome(status=AttemptStatus.LOST, error="Gone.")
SLOW = Outcome(status=AttemptStatus.SUCCEEDED, wall=2 * HOUR)
WROTE = Outcome(status=AttemptStatus.SUCCEEDED, matched="disk full")
FAILED_AND_WROTE = Outcome(status=AttemptStatus.FAILED, error="No.", matched="disk full")

# The rules about ends: as many ends like this open an incident, and each is one that counts.
ABOUT_ENDS = [
    (alert.failed(in_a_row=1), 1, FAILURE),
    (alert.failed(in_a_row=3), 3, FAILURE),
    (alert.rate(share=0.5, of=4), 4, FAILURE),
    (alert.lost(), 1, LOST),
    (alert.slower_than(HOUR), 1, SLOW),
    (alert.output_matches("disk"), 1, WROTE),
]
of_ends = pytest.mark.parametrize(("rule", "number", "bad"), ABOUT_ENDS, ids=lambda value: getattr(value, "cause", ""))


@pytest.fixture(autouse=True)
def calm(settings):
    settings.JOBS_ALERTS = "none"
    settled_ticks()


def ago(duration):
    return states.clock() - duration


def attempt(run, outcome):
    Run.objects.filter(pk=run.pk).update(not_before=states.clock())
    return attempts.finish(claims.claim(run.pk, HERE), outcome)


def come_out(*outcomes):
    """A run whose attempts come out so."""
    run = a_queued_run("it")
    for outcome in outcomes:
        attempt(run, outcome)
    assert Run.objects.get(pk=run.pk).finished_at is not None


def told():
    rows = Notice.objects.order_by("pk").values_list("kind", "incident__cause")
    return [f"{'+' if kind == 'opened' else '-'}{cause}" for kind, cause in rows]


def judge():
    overdue.judge(states.clock())


def deployed(declared, **rules):
    """Another release: a process that declares the job otherwise."""
    registry.clear()
    declared("it", **rules)
    judge()


@of_ends
def test_so_many_ends_open_an_incident_and_a_success_ends_it(declared, rule, number, bad):
    declared("it", alerts=[rule])
    for _ in range(number):
        assert told() == [], "fewer than that are there"
        come_out(bad)
    assert told() == [f"+{rule.cause}"]
    come_out(bad)
    assert Incident.objects.get().count == 2
    for _ in range(3):
        come_out(SUCCESS)
    assert told() == [f"+{rule.cause}", f"-{rule.cause}"]


@of_ends
def test_a_retry_that_mends_it_opens_nothing(declared, rule, number, bad):
    declared("it", alerts=[rule], retries=1)
    # An attempt that succeeded isn't tried again: what it was like besides is said by one that failed.
    tried = FAILED_AND_WROTE if bad in (SLOW, WROTE) else bad
    for _ in range(number):
        come_out(tried, SUCCESS)
    assert told() == []


@of_ends
def test_ends_that_operators_or_shutdowns_cause_say_nothing(declared, rule, number, bad):
    declared("it", alerts=[rule])
    for _ in range(number - 1):
        come_out(bad)
    run = a_queued_run("it")
    attempt(run, Outcome(status=AttemptStatus.INTERRUPTED, error="Stopped.", wall=2 * HOUR))
    endings.cancel(run.pk, "ada")
    come_out(Outcome(status=AttemptStatus.CANCELLED, wall=2 * HOUR))
    assert told() == []
    come_out(bad)
    assert told() == [f"+{rule.cause}"], "nor do they interrupt the row"


@of_ends
@pytest.mark.parametrize("way", ["a pause", "a hold"])
def test_a_pause_or_a_hold_in_between_is_no_outcome(declared, rule, number, bad, way):
    declared("it", alerts=[rule])
    for _ in range(number - 1):
        come_out(bad)
    if way == "a pause":
        interventions.pause(registry["it"], by="ada")
        a_run("it", "skipped", reason="paused", finished_at=states.clock())
        interventions.resume(registry["it"], by="ada")
    else:
        holds.hold(by="ada", reason="moving")
        a_run("it", "skipped", reason="held", finished_at=states.clock())
        holds.end_hold(by="ada")
    judge()
    assert told() == []
    come_out(bad)
    assert told() == [f"+{rule.cause}"]


@of_ends
def test_another_schedule_opens_nothing_closes_nothing_and_forgets_nothing(declared, rule, number, bad):
    declared("it", schedule="0 0 3 * * *", alerts=[rule])
    for _ in range(number - 1):
        come_out(bad)
    deployed(declared, schedule="0 0 4 * * *", alerts=[rule])
    assert told() == []
    come_out(bad)
    deployed(declared, schedule="0 0 5 * * *", alerts=[rule])
    assert told() == [f"+{rule.cause}"]


@of_ends
def test_a_release_without_the_rule_ends_its_incident_and_one_that_brings_it_back_opens_none(
    declared, rule, number, bad
):
    declared("it", alerts=[rule])
    for _ in range(number):
        come_out(bad)
    deployed(declared, alerts="none")
    assert told() == [f"+{rule.cause}", f"-{rule.cause}"]
    deployed(declared, alerts=[rule])
    assert told() == [f"+{rule.cause}", f"-{rule.cause}"]


def test_a_release_that_needs_fewer_failures_in_a_row_waits_for_the_next_one(declared):
    declared("it", alerts=[alert.failed(in_a_row=3)])
    come_out(FAILURE), come_out(FAILURE)
    deployed(declared, alerts=[alert.failed(in_a_row=2)])
    assert told() == []
    come_out(FAILURE)
    assert told() == ["+failed"]


# Rules about time


def waits():
    a_run("it", "queued", scheduled_for=ago(HOUR), not_before=ago(HOUR))


def runs():
    a_run("it", "running", started_at=ago(HOUR))


def has_not_succeeded():
    a_run("it", "succeeded", finished_at=ago(2 * DAY))


def was_paused():
    a_pause("it", began_at=ago(4 * DAY))


ABOUT_TIME = [
    (alert.late_start(20 * MINUTE), waits),
    (alert.still_running(20 * MINUTE), runs),
    (alert.not_succeeded_for(DAY), has_not_succeeded),
    (alert.forgotten_pause(), was_paused),
]
of_time = pytest.mark.parametrize(("rule", "happens"), ABOUT_TIME, ids=lambda value: getattr(value, "cause", ""))


@of_time
def test_another_schedule_neither_opens_nor_ends_what_time_has_brought(declared, rule, happens):
    declared("it", schedule="0 0 3 * * *", alerts=[rule])
    judge()
    assert told() == []
    happens()
    deployed(declared, schedule="0 0 4 * * *", alerts=[rule])
    assert told() == [f"+{rule.cause}"]
    deployed(declared, schedule="0 */5 * * * *", alerts=[rule])
    assert told() == [f"+{rule.cause}"]


@of_time
def test_a_release_without_the_rule_ends_what_time_has_brought(declared, rule, happens):
    declared("it", alerts=[rule])
    happens()
    judge()
    deployed(declared, alerts="none")
    assert told() == [f"+{rule.cause}", f"-{rule.cause}"]


@of_time
def test_after_a_jump_of_the_databases_clock_time_says_nothing_for_a_while(declared, rule, happens):
    declared("it", alerts=[rule])
    happens()
    LastTick.objects.update(unbroken_since=ago(4 * MINUTE))
    judge()
    assert told() == []
    LastTick.objects.update(unbroken_since=ago(6 * MINUTE))
    judge()
    assert told() == [f"+{rule.cause}"]


@pytest.mark.parametrize(("rule", "happens"), ABOUT_TIME[:1] + ABOUT_TIME[2:3], ids=["late_start", "not_succeeded_for"])
@pytest.mark.parametrize("job", ["it", ""], ids=["a pause", "a hold"])
def test_while_it_is_paused_or_everything_is_held_a_job_is_not_late(declared, rule, happens, job):
    declared("it", alerts=[rule])
    happens()
    if job:
        interventions.pause(registry["it"], by="ada")
    else:
        holds.hold(by="ada", reason="moving")
    judge()
    assert told() == []


def test_a_job_that_was_just_deployed_has_nothing_to_answer_for(declared):
    declared(
        "it",
        schedule="0 0 3 * * *",
        alerts=[alert.not_succeeded_for(26 * HOUR), alert.must_succeed_by("06:30"), alert.late_start(MINUTE)],
    )
    JobState.objects.create(job="it", ledger_from=ago(HOUR), ledger_through=ago(HOUR))
    judge()
    assert told() == []


# By a time on the wall, where the clocks change


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("by", "due", "now", "found"),
    [
        # The night to 29 March 2026: Berlin's clocks go from 02:00 to 03:00. 06:30 is 04:30 UTC.
        ("06:30", "2026-03-29 02:00", "2026-03-29 04:29", 0),
        ("06:30", "2026-03-29 02:00", "2026-03-29 04:31", 1),
        # The day before lasts an hour less: what was due at 06:31 on the 28th (05:31 UTC) belongs to it.
        ("06:30", "2026-03-28 05:31", "2026-03-29 04:31", 1),
        ("06:30", "2026-03-28 05:29", "2026-03-29 04:31", 0),
        # 02:30 isn't on the wall that night: it is as long after midnight as on any other, 01:30 UTC.
        ("02:30", "2026-03-29 00:15", "2026-03-29 01:29", 0),
        ("02:30", "2026-03-29 00:15", "2026-03-29 01:31", 1),
        # The night to 25 October 2026: 02:30 comes twice, at 00:30 and 01:30 UTC. The first counts.
        ("02:30", "2026-10-25 00:15", "2026-10-25 00:29", 0),
        ("02:30", "2026-10-25 00:15", "2026-10-25 00:31", 1),
        ("06:30", "2026-10-25 02:00", "2026-10-25 05:29", 0),
        ("06:30", "2026-10-25 02:00", "2026-10-25 05:31", 1),
    ],
)
def test_a_time_on_the_wall_is_that_of_the_night_in_which_the_clocks_change(declared, by, due, now, found):
    declared("it", schedule="0 0 3 * * *", time_zone="Europe/Berlin", alerts=[alert.must_succeed_by(by)])
    a_run("it", "failed", scheduled_for=utc(due), finished_at=utc(due))
    overdue.judge(utc(now))
    assert told() == ["+must_succeed_by"] * found


def test_what_was_due_by_a_time_is_what_the_ledger_says_and_not_todays_schedule(declared):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.must_succeed_by("06:30")])
    a_run("it", scheduled_for=utc("2026-01-15 03:00"), finished_at=utc("2026-01-15 03:10"))
    deployed(declared, schedule="0 0 5 * * *", alerts=[alert.must_succeed_by("06:30")])
    overdue.judge(utc("2026-01-15 07:00"))
    assert told() == [], "at five nothing was due, since that came into force later"
    overdue.judge(utc("2026-01-16 07:00"))
    assert told() == [], "the ledger has nothing of that day yet"
    a_run("it", "failed", scheduled_for=utc("2026-01-16 05:00"), finished_at=utc("2026-01-16 05:10"))
    overdue.judge(utc("2026-01-16 07:00"))
    assert told() == ["+must_succeed_by"]


@pytest.mark.parametrize("reason", ["paused", "held", "disabled"])
def test_what_an_operator_kept_from_running_need_not_succeed(declared, reason):
    declared("it", schedule="0 0 3 * * *", alerts=[alert.must_succeed_by("06:30")])
    day = utc("2026-01-15 00:00")
    a_run("it", "failed", scheduled_for=day + HOUR, finished_at=day + HOUR)
    a_run("it", "skipped", reason=reason, scheduled_for=day + 3 * HOUR, finished_at=day + 3 * HOUR)
    overdue.judge(day + 7 * HOUR)
    assert told() == []
