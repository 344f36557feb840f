"""Rules of alerts over what is past: the same incidents as were opened while it happened."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from jobs import alert
from jobs.choices import Cause, Status
from jobs.declarations.registry import registry
from jobs.ledger import overdue, states, watched
from jobs.models import Gap, Incident, Run
from jobs.reading import trial, trials
from jobs.reading.trial import Ended
from tests.helpers.days import count_ends
from tests.helpers.rows import a_pause, a_run, an_override, settled_ticks
from tests.ledger.test_incidents import come_out

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RULES = [
    alert.failed(in_a_row=1),
    alert.failed(in_a_row=3),
    alert.rate(share=0.4, of=5),
    alert.lost(),
]


def tried(rule, job="it"):
    return trials.try_rule(registry[job], rule, states.clock())


def spans(found):
    return [(each.cause.value, each.first_run, each.count, each.resolved_by_run) for each in found.incidents]


@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_what_a_rule_would_have_opened_is_what_it_opened(declared, rule, seed):
    """Ends as the ledger records them, judged as they came; then the same judged over the past."""
    declared("it", alerts=[rule])
    chance = Random(seed)
    # Long rows of one kind, and quick changes.
    letters = [letter for _ in range(9) for letter in chance.choice(["S", "F", "T", "L", "SF", "SFSFSF", "FFFFFFF"])]
    for letter in letters:
        come_out(letter)
    opened = Incident.objects.filter(job="it", cause__in={rule.cause, _beside(rule)}).order_by("opened_at", "pk")
    real = [(each.cause, each.first_run_id, each.count, each.resolved_at is None) for each in opened]
    found = tried(rule)
    assert [(cause, first, count, by is None) for cause, first, count, by in spans(found)] == real, letters
    assert found.runs == len(letters)


def _beside(rule):
    return Cause.FLAPPING if rule.cause is Cause.FAILED else rule.cause


def test_flapping_is_one_incident_in_a_trial_too(declared):
    declared("it", alerts=[alert.failed(in_a_row=1)])
    for letter in "SFSFSFSFSFSF":
        come_out(letter)
    causes = [each.cause.value for each in tried(alert.failed(in_a_row=1)).incidents]
    assert causes == ["failed", "failed", "failed", "flapping"]
    assert causes == [*Incident.objects.order_by("pk").values_list("cause", flat=True)]


def test_a_step_and_an_unknown_past_have_no_incidents(declared):
    declared("it")
    for rule in (*RULES, alert.must_succeed_by("06:30"), alert.late_start(HOUR), alert.drift(), alert.missed()):
        found = tried(rule)
        assert (found.incidents, found.runs) == ([], 0)
        assert found.summary == "It would have opened no incident."


def at(hours_ago):
    return states.clock() - timedelta(hours=hours_ago)


def test_what_came_before_the_30_days_counts_for_a_row_and_nothing_else_does(declared):
    declared("it")
    old = a_run("it", status="failed", finished_at=at(40 * 24), created_at=at(40 * 24))
    last = a_run("it", status="failed", finished_at=at(1), created_at=at(1))
    found = tried(alert.failed(in_a_row=2))
    assert spans(found) == [("failed", last.pk, 1, None)]
    assert old.pk < last.pk
    assert found.notes == []
    assert found.summary == "It would have opened 1 incident; 1 would be open now."


def test_what_was_missed_opens_until_the_next_success(declared):
    declared("it", schedule="0 0 * * * *")
    at_noon = at(20)
    for reason in ("too_late", "superseded"):
        Gap.objects.create(
            job="it", first=at_noon, last=at_noon, count=1, fate="missed", reason=reason, recorded_at=at(19)
        )
    a_run("it", Status.MISSED, finished_at=at(18), created_at=at(18))
    success = a_run("it", finished_at=at(17), created_at=at(17))
    [found] = tried(alert.missed()).incidents
    assert abs(found.opened_at - at(19)) < MINUTE
    assert (found.count, found.first_run) == (2, None)
    assert found.resolved_by_run == success.pk
    assert tried(alert.missed()).notes[1:] == [trials.OURS]


def test_a_start_is_late_while_a_run_waits_but_not_in_a_pause(declared):
    declared("it", schedule="0 0 * * * *")
    for hours, waited in ((30, 5), (20, 120), (10, 120)):
        due = at(hours)
        started = due + waited * MINUTE
        a_run("it", scheduled_for=due, created_at=due, started_at=started, finished_at=started + MINUTE)
    a_pause("it", began_at=at(11), ended_at=at(8))
    [found] = tried(alert.late_start(20 * MINUTE)).incidents
    assert abs(found.opened_at - (at(20) + 20 * MINUTE)) < MINUTE
    assert abs(found.resolved_at - (at(20) + 2 * HOUR)) < MINUTE


def test_runs_that_are_at_work_for_long_at_the_same_time_are_one_incident(declared):
    declared("it")
    for began, ended in ((30, 20), (29, 25), (10, 9.9)):
        a_run("it", created_at=at(began), started_at=at(began), finished_at=at(ended), attempt=2)
    a_run("it", Status.RUNNING, created_at=at(5), started_at=at(5))
    found = tried(alert.still_running(2 * HOUR))
    assert [each.resolved_at is None for each in found.incidents] == [False, True]
    assert abs(found.incidents[0].resolved_at - at(20)) < MINUTE
    assert found.notes[1:] == ["Of 3 runs that were retried only the last attempt's start is known here."]


def test_time_in_a_pause_is_no_time_without_success(declared):
    declared("it")
    for hours in (100, 70, 1):
        a_run("it", created_at=at(hours), finished_at=at(hours))
    rule = alert.not_succeeded_for(26 * HOUR)
    [first, second] = tried(rule).incidents
    assert (first.opened_at - at(74)) < MINUTE
    assert second.opened_at > first.resolved_at
    a_pause("it", began_at=at(50), ended_at=at(20))
    assert [each.opened_at for each in tried(rule).incidents] == [first.opened_at]


def test_by_a_time_of_day_is_judged_by_the_jobs_clock(declared):
    declared("it", schedule="0 0 4 * * *", time_zone="Europe/Berlin")
    zone = watched.of("it").schedule.zone
    today = states.clock().astimezone(zone).replace(hour=4, minute=0, second=0, microsecond=0)
    # Four days: in time, too late, failed, in time.
    days = [today - number * DAY for number in (5, 4, 3, 2)]
    for due, ended, status in zip(days, (1, 4, 1, 1), ("succeeded", "succeeded", "failed", "succeeded"), strict=True):
        a_run("it", status, scheduled_for=due, created_at=due, finished_at=due + ended * HOUR)
    found = tried(alert.must_succeed_by("06:30")).incidents
    assert [(each.opened_at.astimezone(zone).day, f"{each.opened_at.astimezone(zone):%H:%M}") for each in found] == [
        (days[1].day, "06:30"),
        (days[2].day, "06:30"),
    ]
    assert [each.resolved_at for each in found] == [days[1] + 4 * HOUR, days[3] + HOUR]


def test_pauses_and_overrides_are_looked_at_as_they_lasted(declared):
    declared("it")
    a_pause("it", began_at=at(100), ended_at=at(10))
    a_pause("it", began_at=at(9), until=at(1), ended_at=at(1))
    an_override("it", began_at=at(200))
    [pause] = tried(alert.forgotten_pause()).incidents
    assert abs(pause.resolved_at - at(10)) < MINUTE
    [drift] = tried(alert.drift()).incidents
    assert drift.resolved_at is None


def test_slower_than_usual_is_measured_by_the_days_before(declared):
    declared("it")
    for number in range(25):
        moment = at(72 + number / 10)
        a_run("it", created_at=moment, started_at=moment - 10 * MINUTE, finished_at=moment)
    slow, fine = (
        a_run("it", created_at=at(hours), started_at=at(hours) - took * MINUTE, finished_at=at(hours))
        for hours, took in ((2, 40), (1, 10))
    )
    count_ends()
    found = tried(alert.slower_than(2.0))
    assert spans(found) == [("slower_than", slow.pk, 1, fine.pk)]
    assert found.notes[1:] == [trials.P95]
    assert found.notes[0].startswith("The ledger has no run of it from before ")


def test_a_run_within_the_limit_ends_what_a_slow_one_opened(declared):
    declared("it")
    runs = [
        a_run("it", status, created_at=at(hours), started_at=at(hours) - took * MINUTE, finished_at=at(hours))
        for hours, took, status in ((9, 30, "succeeded"), (8, 5, "failed"), (7, 31, "succeeded"), (6, 19, "succeeded"))
    ]
    found = tried(alert.slower_than(20 * MINUTE))
    assert spans(found) == [("slower_than", runs[0].pk, 2, runs[3].pk)]
    assert found.incidents[0].detail == "A run took 31 min, more than 20 min."


def test_what_cant_be_known_afterwards_is_said(declared):
    declared("it")
    assert tried(alert.output_matches("disk full")).notes == [trials.OUTPUT]


def test_a_rule_about_time_opens_what_the_tick_would_have_opened(declared):
    """The tick judges now; the trial says the same of now."""
    rules = [alert.not_succeeded_for(26 * HOUR), alert.still_running(2 * HOUR), alert.forgotten_pause(DAY)]
    declared("it", alerts=[*rules, alert.drift(DAY)], timeout=5 * HOUR)
    settled_ticks()
    a_run("it", created_at=at(30), finished_at=at(30))
    a_run("it", Status.RUNNING, created_at=at(3), started_at=at(3))
    an_override("it", began_at=at(48))
    overdue.judge(states.clock())
    real = {*Incident.objects.open().values_list("cause", flat=True)}
    assert real == {"not_succeeded_for", "still_running", "drift"}
    found = {each.cause for rule in (*rules, alert.drift(DAY)) for each in tried(rule).incidents}
    assert found == real


def test_many_runs_are_looked_at_as_far_as_a_trial_goes(declared, monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(trials, "MOST", 3)
    declared("it")
    runs = [a_run("it", created_at=at(hours), finished_at=at(hours)) for hours in (9, 8, 7, 6, 5)]
    with django_assert_max_num_queries(6):
        found = tried(alert.failed())
    assert (found.runs, found.since) == (3, Run.objects.get(pk=runs[2].pk).created_at)
    assert found.notes == ["It has run often: only the latest 3 runs were looked at."]


def test_ends_are_judged_without_a_database():
    noon = datetime(2026, 3, 14, 12, tzinfo=UTC)
    ends = [Ended(at=noon + n * MINUTE, status=Status.FAILED, id=n) for n in range(1, 4)]
    rule = alert.failed(in_a_row=2)
    [found] = trial.by_ends(rule, watched.trying("nobody", rule), [], ends, lambda moment: None)
    assert (found.first_run, found.count, found.detail) == (2, 2, "2 runs in a row failed.")
