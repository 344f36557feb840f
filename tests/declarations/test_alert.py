"""The rules of alerts: what a declaration may say, and which hold for a job."""

from datetime import timedelta

import pytest

from jobs import alert, checks, conf
from jobs.choices import Cause
from jobs.declarations.registry import registry

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RE2 = "Write it without lookaround, backreferences and long repetitions, as RE2 needs it"


def found(check=checks.declarations):
    return [(error.id, error.msg, error.hint.rpartition(" (tests.")[0]) for error in check()]


def test_a_rule_takes_the_place_of_the_usual_one_of_its_kind():
    usual = alert.named("failed, missed, lost")
    assert set(alert.over(usual, [])) == {Cause.FAILED, Cause.MISSED, Cause.LOST}
    own = alert.over(usual, [alert.failed(in_a_row=5), alert.must_succeed_by("06:30")])
    assert own == {
        Cause.FAILED: alert.failed(in_a_row=5),
        Cause.MISSED: alert.missed(),
        Cause.LOST: alert.lost(),
        Cause.MUST_SUCCEED_BY: alert.must_succeed_by("06:30"),
    }


def test_a_job_may_have_no_rule_at_all(declared):
    declared("nightly", alerts="none")
    assert alert.over(alert.named("failed, missed"), registry["nightly"].alerts) == {}


@pytest.mark.parametrize(
    ("period", "number"), [(None, 1), (timedelta(days=1), 1), (HOUR, 1), (HOUR - MINUTE, 3), (5 * MINUTE, 3)]
)
def test_three_failures_in_a_row_count_where_a_job_is_due_more_often_than_hourly(period, number):
    assert alert.failed().number(period) == number
    assert alert.failed(in_a_row=2).number(period) == 2


@pytest.mark.parametrize(
    ("rule", "hint"),
    [
        (alert.failed(in_a_row=0), "Write in_a_row as a whole number from 1 to 50."),
        (alert.failed(in_a_row=True), "Write in_a_row as a whole number from 1 to 50."),
        (alert.rate(share=0), "Write share as a number above 0, and 1 at most: 0.2."),
        (alert.rate(share=0.5, of=1), "Write of as 2 to 200."),
        (
            alert.late_start(20),
            "Write a timedelta like timedelta(minutes=20), more than nothing and 366 days at most.",
        ),
        (
            alert.still_running(timedelta(0)),
            "Write a timedelta like timedelta(minutes=20), more than nothing and 366 days at most.",
        ),
        (alert.must_succeed_by("6:30"), "Write the time as '06:30'."),
        (alert.must_succeed_by("24:00"), "Write the time as '06:30'."),
        (alert.slower_than(1), "Write a timedelta, or a number above 1: 1.5 is one and a half times its p95."),
        (alert.output_matches("("), "Write a regular expression for one line, in quotes: 'WARN.*disk'."),
        (alert.output_matches("a\nb"), "Write a regular expression for one line, in quotes: 'WARN.*disk'."),
        (alert.output_matches("\ud800"), "Write a regular expression for one line, in quotes: 'WARN.*disk'."),
        (alert.output_matches(r"(a)\1"), f"{RE2} (invalid escape sequence: \\1)."),
        (alert.output_matches("(?<!no )disk"), f"{RE2} (invalid perl operator: (?<!)."),
        (alert.output_matches("(?=a)b"), f"{RE2} (invalid perl operator: (?=)."),
        (alert.output_matches("a{2000}"), f"{RE2} (invalid repetition size: {{2000}})."),
        (alert.output_matches("a*"), "It matches an empty line, and so every output."),
    ],
)
def test_a_value_that_no_rule_takes_is_a_mistake(declared, rule, hint):
    declared("nightly", alerts=[rule])
    assert found() == [("jobs.E027", f"alerts of job 'nightly' has {rule!r}.", hint)]
    assert "nightly" not in registry


@pytest.mark.parametrize(
    "rules", [[alert.failed(), alert.failed(in_a_row=3)], ["none", alert.failed()]], ids=["two of a kind", "none"]
)
def test_rules_that_exclude_each_other_are_a_mistake(declared, rules):
    declared("nightly", alerts=rules)
    assert found() == [
        (
            "jobs.E027",
            "alerts of job 'nightly' has two rules that exclude each other.",
            "Write one rule of a kind, or alerts='none' alone.",
        )
    ]


def test_what_is_no_rule_is_a_mistake(declared):
    declared("nightly", alerts=["failed"])
    [(number, message, _)] = found()
    assert (number, message) == ("jobs.E027", "alerts of job 'nightly' has 'failed'.")


DAILY = {"schedule": "0 0 3 * * *"}


@pytest.mark.parametrize(
    ("rule", "job", "why"),
    [
        (alert.missed(), {}, "missed() of job 'it' can never fire: the job has no schedule of its own."),
        (
            alert.missed(),
            DAILY | {"start_deadline": "never"},
            "missed() of job 'it' can never fire: start_deadline='never' lets an occurrence start however late.",
        ),
        (
            alert.must_succeed_by("06:30"),
            {},
            "must_succeed_by(06:30) of job 'it' can never fire: the job is never due, since it has no schedule.",
        ),
        (
            alert.late_start(HOUR),
            DAILY | {"start_deadline": HOUR},
            "late_start(1 h) of job 'it' can never fire: a run that hasn't started by then was missed at its "
            "start_deadline.",
        ),
        (
            alert.slower_than(HOUR),
            {"timeout": HOUR},
            "slower_than(1 h) of job 'it' can never fire: a run is stopped at its timeout of 1 h.",
        ),
        (
            alert.still_running(2 * HOUR),
            {"timeout": HOUR},
            "still_running(2 h) of job 'it' can never fire: a run is stopped at its timeout of 1 h.",
        ),
    ],
)
def test_a_rule_that_can_never_fire_is_refused(declared, rule, job, why):
    declared("it", **job, alerts=[rule])
    [(number, message, _)] = found(checks.alerts.rules)
    assert (number, message) == ("jobs.E028", f"The alert {why}")


@pytest.mark.parametrize(
    ("rule", "job"),
    [
        (alert.missed(), DAILY),
        (alert.late_start(HOUR), DAILY | {"start_deadline": HOUR, "overlap": "queue"}),
        (alert.late_start(HOUR), {"after": "root"}),
        (alert.must_succeed_by("06:30"), {"after": "root"}),
        (alert.slower_than(1.5), {"timeout": MINUTE}),
        (alert.still_running(HOUR - MINUTE), {"timeout": HOUR}),
        (alert.not_succeeded_for(26 * HOUR), DAILY),
        (alert.not_succeeded_for(HOUR), {}),
    ],
)
def test_a_rule_that_can_fire_is_not(declared, rule, job):
    declared("root", schedule="0 0 1 * * *")
    declared("it", **job, alerts=[rule])
    assert found(checks.alerts.rules) == []


def test_a_rule_that_fires_over_each_weekend_is_warned_of(declared):
    declared("it", schedule="0 0 3 * * MON-FRI", alerts=[alert.not_succeeded_for(26 * HOUR)])
    assert found(checks.alerts.rules) == [
        (
            "jobs.W017",
            "The alert not_succeeded_for(1 d 2 h) of job 'it' fires although all is well: from one occurrence to the "
            "next it may be 3 d.",
            "Write a longer time than that, or must_succeed_by.",
        )
    ]


def test_the_setting_names_the_rules_that_need_no_value():
    assert tuple(alert.BY_NAME) == conf.ALERTS
    assert alert.named("failed, lost") == [alert.failed(), alert.lost()]
    assert alert.named("none") == []


def test_a_setting_that_names_another_rule_is_refused(settings):
    settings.JOBS_ALERTS = "failed, late_start"
    assert conf.Conf.JOBS_ALERTS.problem() == (
        "JOBS_ALERTS is 'failed, late_start'. Write some of failed, rate, missed, lost, slower_than, forgotten_pause, "
        "drift, with commas between them, or none."
    )
    settings.JOBS_ALERTS = "none"
    assert conf.Conf.JOBS_ALERTS.problem() == ""
