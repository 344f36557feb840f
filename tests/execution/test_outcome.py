"""How an attempt ended, judged from what was seen of it: properties, and the sentences."""

import signal
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.choices import AttemptStatus, Interrupted
from jobs.declarations.job import Job
from jobs.execution.outcome import FENCED, Evidence, judge, left_behind, of_a_fault, signal_name

JOB = Job(name="nightly", command="succeeds", timeout=timedelta(minutes=5))
STOPS = [AttemptStatus.TIMED_OUT, AttemptStatus.CANCELLED, AttemptStatus.INTERRUPTED]
MOMENTS = st.none() | st.integers(0, 5)


def receipt(code=0, **more):
    return {"exit_code": code, "cpu": 0.5, "peak_memory": 1024, "ordered_at": None, "left_behind": []} | more


SEEN = st.builds(
    Evidence,
    receipt=st.none() | st.builds(receipt, st.integers(-64, 255), ordered_at=MOMENTS),
    end=st.fixed_dictionaries({"at": MOMENTS, "error": st.sampled_from(["", "no rates today"])}),
    stopping=st.sampled_from([None, *STOPS]),
    fenced=st.booleans(),
    has_begun=st.booleans(),
)


@given(seen=SEEN)
def test_an_attempt_succeeds_if_and_only_if_it_ended_with_0_before_anyone_stopped_it(seen):
    is_success = seen.exit_code == 0 and (seen.stopping is None or seen.ended_by_itself)
    assert (judge(JOB, seen).status is AttemptStatus.SUCCEEDED) is is_success


@given(seen=SEEN)
def test_every_end_but_a_success_has_a_sentence(seen):
    outcome = judge(JOB, seen)
    assert (outcome.error == "") is (outcome.status is AttemptStatus.SUCCEEDED)


@given(seen=SEEN)
def test_a_signal_and_an_exit_code_exclude_each_other(seen):
    outcome = judge(JOB, seen)
    assert outcome.exit_code is None or outcome.exit_code >= 0
    assert (outcome.exit_code is None) or not outcome.signal


@given(seen=SEEN)
def test_what_was_stopped_before_its_end_has_the_stops_status_whatever_its_exit_code(seen):
    if seen.stopping is not None and not seen.ended_by_itself:
        assert judge(JOB, seen).status is seen.stopping


@given(seen=SEEN)
def test_an_attempt_is_lost_only_where_its_fence_killed_it(seen):
    if judge(JOB, seen).status is AttemptStatus.LOST:
        assert seen.fenced
        assert seen.exit_code in {None, -signal.SIGKILL}


@given(seen=SEEN)
def test_without_a_guardians_receipt_nothing_succeeds_and_nothing_was_measured(seen):
    if seen.receipt is None:
        outcome = judge(JOB, seen)
        assert outcome.status is not AttemptStatus.SUCCEEDED
        assert (outcome.exit_code, outcome.signal, outcome.cpu, outcome.peak_memory) == (None, "", None, None)


@pytest.mark.parametrize(
    ("seen", "status", "error"),
    [
        (Evidence(receipt=receipt()), "succeeded", ""),
        (Evidence(receipt=receipt(3)), "failed", "The command ended with exit code 3."),
        (Evidence(receipt=receipt(1), end={"error": "ValueError: no"}), "failed", "ValueError: no"),
        (Evidence(receipt=None), "failed", "Its guardian was killed, and the child with it."),
        (
            Evidence(receipt=receipt(-signal.SIGKILL)),
            "failed",
            "Killed by SIGKILL. The system does that to the largest process when memory runs out.",
        ),
        (
            Evidence(receipt=receipt(-signal.SIGSEGV)),
            "failed",
            "Crashed with SIGSEGV: the fault is in compiled code, a library's or Python's.",
        ),
        (Evidence(receipt=receipt(-signal.SIGHUP)), "failed", "Ended by SIGHUP."),
        (Evidence(receipt=receipt(-signal.SIGKILL), fenced=True), "lost", FENCED),
        (Evidence(receipt=None, fenced=True), "lost", FENCED),
        (Evidence(receipt=receipt(3), fenced=True), "failed", "The command ended with exit code 3."),
        (
            Evidence(receipt=receipt(0, ordered_at=1), stopping=AttemptStatus.TIMED_OUT),
            "timed_out",
            "Stopped at its timeout of 0:05:00.",
        ),
        (Evidence(receipt=None, stopping=AttemptStatus.CANCELLED), "cancelled", "Cancelled while it ran."),
        (
            Evidence(receipt=receipt(0, ordered_at=2), end={"at": 1}, stopping=AttemptStatus.CANCELLED),
            "succeeded",
            "",
        ),
        (
            Evidence(receipt=None, stopping=AttemptStatus.INTERRUPTED, has_begun=False),
            "interrupted",
            "The worker shut down before it began.",
        ),
        (
            Evidence(receipt=None, stopping=AttemptStatus.INTERRUPTED),
            "interrupted",
            "The worker shut down under it: it may have done all or part of its work.",
        ),
    ],
)
def test_each_end_has_its_status_and_its_sentence(seen, status, error):
    outcome = judge(JOB, seen)
    assert (outcome.status, outcome.error) == (status, error)


def test_an_interrupted_run_that_must_not_be_started_twice_says_so():
    job = Job(name="nightly", command="succeeds", interrupted=Interrupted.FAIL)
    assert judge(job, Evidence(receipt=None, stopping=AttemptStatus.INTERRUPTED)).error == (
        "The worker shut down under it: it may have done all or part of its work. "
        "It isn't run again (interrupted='fail')."
    )


def test_a_fault_of_our_own_fails_the_attempt():
    outcome = of_a_fault(KeyError("x"))
    assert outcome.status is AttemptStatus.FAILED
    assert outcome.error == (
        "Its supervisor failed with KeyError, which is a fault of Nightshift: the worker's log has it."
    )


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], ""),
        (["sleep 60"], "1 background process ended with it: sleep 60"),
        (["a" * 101], f"1 background process ended with it: {'a' * 100}…"),
        (list("abcdefg"), "7 background processes ended with it: a; b; c; d; e; and 2 more"),
    ],
)
def test_processes_that_were_left_behind_are_named_in_bounds(names, sentence):
    assert left_behind(receipt(left_behind=names)) == sentence
    assert left_behind(None) == ""


def test_a_signal_without_a_name_has_its_number():
    assert signal_name(-63) == "signal 63"
