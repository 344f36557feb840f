"""May it start? The claim, the choice of the next runs and whoever shows why a run waits give one answer."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger import claims, holds, interventions, states
from jobs.ledger.obstacles import Rule, obstacle
from tests.helpers.rows import HERE, NOON, a_claimed_run, a_queued_run, a_run

HOUR = timedelta(hours=1)


def nothing():
    return a_queued_run()


def running():
    return a_claimed_run()[0]


def ended():
    return a_run(status=Status.SUCCEEDED)


def later():
    return a_queued_run(not_before=states.clock() + HOUR)


def too_late():
    return a_queued_run(start_by=states.clock() - HOUR)


def a_late_retry():
    return a_queued_run(start_by=states.clock() - HOUR, attempt=1)


def a_retry_under_a_pause(trigger="schedule"):
    interventions.pause(registry["nightly"], by="ada")
    return a_queued_run(attempt=1, trigger=trigger)


def a_retry_by_hand_under_a_pause():
    return a_retry_under_a_pause("manual")


def an_occurrence_while_everything_is_held():
    holds.hold(by="anna", reason="the database moves")
    return a_queued_run(trigger="schedule", scheduled_for=NOON)


def beside_a_running_one():
    a_claimed_run()
    return a_queued_run()


def beside_a_running_one_that_allows_it():
    a_claimed_run()
    return a_queued_run(exclusive=False)


def before_an_earlier_occurrence():
    a_queued_run(scheduled_for=NOON - HOUR)
    return a_queued_run(scheduled_for=NOON)


def in_a_full_job():
    for _ in range(2):
        a_claimed_run("limited", exclusive=False, concurrency_group="table")
    return a_queued_run("limited", exclusive=False, concurrency_group="table")


def in_a_full_group():
    for name in ("limited", "limited", "mate"):
        a_claimed_run(name, exclusive=False, concurrency_group="table")
    return a_queued_run("mate", exclusive=False, concurrency_group="table")


def in_a_group_with_room():
    a_claimed_run("mate", exclusive=False, concurrency_group="table")
    return a_queued_run("mate", exclusive=False, concurrency_group="table")


def of_a_removed_job_in_a_group_at_work():
    a_claimed_run("mate", exclusive=False, concurrency_group="table")
    return a_queued_run("removed", exclusive=False, concurrency_group="table")


CASES = [
    (nothing, None, ""),
    (running, Rule.STATUS, r"it is running\."),
    (ended, Rule.STATUS, r"it is succeeded\."),
    (later, Rule.NOT_BEFORE, r"it waits until .*Z\."),
    (too_late, Rule.START_DEADLINE, r"its start deadline, .*Z, has passed, and the next tick records it as missed\."),
    (a_late_retry, None, ""),
    (a_retry_under_a_pause, Rule.PAUSE, r"the job is paused by ada, without an end, and a retry waits for its end\."),
    (a_retry_by_hand_under_a_pause, None, ""),
    (an_occurrence_while_everything_is_held, Rule.HOLD, r"everything is held by anna, without an end\."),
    (beside_a_running_one, Rule.OVERLAP, r"run \d+ of the job, running since .*Z, must end first\."),
    (beside_a_running_one_that_allows_it, None, ""),
    (before_an_earlier_occurrence, Rule.OVERLAP, r"run \d+ of the job, for 2026-03-14 11:00:00Z, comes first\."),
    (in_a_full_job, Rule.MAX_RUNNING, r"its max_running allows 2 runs at a time, now run \d+ of limited, run .*\."),
    (in_a_full_group, Rule.GROUP, r"its group 'table' allows 3 runs at a time, now (run \d+ of \w+(, )?){3}\."),
    (in_a_group_with_room, None, ""),
    (of_a_removed_job_in_a_group_at_work, Rule.GROUP, r"its group 'table' allows 1 run at a time, now run \d+ .*\."),
]


@pytest.fixture
def jobs(declared):
    declared("nightly", schedule="0 0 3 * * *")
    in_the_group = {"overlap": "allow", "concurrency_group": "table", "concurrency_limit": 3}
    declared("limited", max_running=2, **in_the_group)
    declared("mate", **in_the_group)


@pytest.mark.django_db
@pytest.mark.parametrize(("given_a_run", "rule", "sentence"), CASES, ids=[case.__name__ for case, *_ in CASES])
def test_a_run_is_claimed_unless_a_rule_stands_in_its_way(jobs, given_a_run, rule, sentence):
    run = given_a_run()
    found = obstacle(run.pk)
    assert (found and found.rule) == rule
    assert re.fullmatch(sentence, found.sentence() if found else "")
    assert (run.pk in claims.next_ready(9)) is (rule is None and run.job in registry)
    assert (claims.claim(run.pk, HERE) is not None) is (rule is None)


def test_each_rule_is_among_the_cases():
    assert {rule for _, rule, _ in CASES} == {*Rule, None}


JOBS = {
    "nightly": {"exclusive": True},
    "limited": {"exclusive": False, "concurrency_group": "table"},
    "mate": {"exclusive": False, "concurrency_group": "table"},
    "removed": {"exclusive": False, "concurrency_group": "table"},
}
A_RUN = st.fixed_dictionaries(
    {
        "job": st.sampled_from(sorted(JOBS)),
        "trigger": st.sampled_from(["schedule", "manual"]),
        "attempt": st.sampled_from([0, 0, 1]),
        "wait": st.sampled_from([-HOUR, -HOUR, -HOUR, HOUR]),
        "deadline": st.sampled_from([None, None, HOUR, -HOUR]),
        "occurs": st.booleans(),
    }
)


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(A_RUN, min_size=1, max_size=8), paused=st.booleans(), order=st.randoms(use_true_random=False))
def test_of_any_runs_in_any_order_a_claim_succeeds_just_where_nothing_stands_in_the_way(jobs, drawn, paused, order):
    with transaction.atomic():
        if paused:
            interventions.pause(registry["nightly"], by="ada")
        now = states.clock()
        runs = [
            a_queued_run(
                each["job"],
                trigger=each["trigger"],
                attempt=each["attempt"],
                not_before=now + each["wait"],
                start_by=each["deadline"] and now + each["deadline"],
                scheduled_for=NOON + place * HOUR if each["occurs"] else None,
                **JOBS[each["job"]],
            )
            for place, each in enumerate(drawn)
        ]
        order.shuffle(runs)
        for run in runs:
            expected = obstacle(run.pk) is None
            assert expected or run.pk not in claims.next_ready(99)
            assert (claims.claim(run.pk, HERE) is not None) is expected
        assert claims.next_ready(99) == [], "what could start has started"
        transaction.set_rollback(True)
