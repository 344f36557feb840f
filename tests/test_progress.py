"""What a command may tell of itself while it runs."""

import json
import os
import time
from datetime import UTC, datetime

import pytest

import jobs
from jobs import progress
from jobs.progress import cancelled, current_run, report, report_end, track


@pytest.fixture
def told(monkeypatch):
    """A run; gives what was told of it."""
    reader, writer = os.pipe()
    monkeypatch.setattr(progress, "_state", progress._State())
    progress.attach(
        writer,
        {"id": 7, "job": "nightly", "attempt": 2, "trigger": "schedule", "scheduled_for": "2026-03-14T03:00:00Z"},
    )

    def read():
        os.close(writer)
        with open(reader) as pipe:
            return [json.loads(line) for line in pipe if line.strip()]

    return read


def test_outside_of_a_run_all_of_it_works_and_does_nothing(monkeypatch):
    monkeypatch.setattr(progress, "_state", progress._State())
    assert list(track([1, 2, 3])) == [1, 2, 3]
    report(1, 3, "rows", result={"imported": 3})
    assert not cancelled()
    assert current_run() is None


def test_a_run_knows_itself(told):
    run = jobs.current_run()
    assert run is not None
    assert (run.id, run.job, run.attempt, run.trigger) == (7, "nightly", 2, "schedule")
    assert run.scheduled_for == datetime(2026, 3, 14, 3, tzinfo=UTC)


def test_rows_are_counted_as_they_are_done(told):
    assert list(track(["a", "b", "c"], message="rows")) == ["a", "b", "c"]
    report_end(0, "", None)
    first, last = told()
    assert first["progress"] == {"done": 0, "total": 3, "message": "rows", "rate": 0.0}
    assert (last["progress"]["done"], last["progress"]["total"]) == (3, 3)


def test_a_row_that_isnt_finished_isnt_done(told):
    for row in track(range(10)):
        if row == 4:
            break
    assert progress._state.progress["done"] == 4


def test_rows_whose_number_isnt_known_have_no_total(told):
    assert list(track(iter("ab"))) == ["a", "b"]
    assert "total" not in progress._state.progress


def test_progress_is_sent_once_a_second_at_most(told, monkeypatch):
    moments = iter(range(10**6))
    monkeypatch.setattr("time.monotonic", lambda: progress._state.began_at + 100 + next(moments) / 1000)
    for _ in track(range(2000)):
        pass
    sent = [line["progress"]["done"] for line in told()]
    assert 3 <= len(sent) <= 8
    assert sent == sorted(sent)


def test_the_result_that_was_reported_comes_before_what_was_returned(told):
    report(result={"imported": 3})
    report_end(0, "", "returned")
    assert told()[-1]["end"]["result"] == {"imported": 3}


def test_what_was_returned_is_the_result_where_none_was_reported(told):
    report_end(0, "", "returned")
    assert told()[-1]["end"]["result"] == "returned"


def test_a_result_that_json_cant_carry_is_reported_as_text(told):
    report_end(0, "", {1})
    assert told()[-1]["end"]["result"] == "{1}"


def test_a_result_that_is_too_long_is_left_out(told):
    report_end(0, "", "x" * 100_000)
    assert told()[-1]["end"]["result"] == "The result was left out: 100,002 bytes are more than 65,536."


@pytest.mark.parametrize(
    ("levels", "result"),
    [
        (50, None),
        (51, "The result was left out: it is nested deeper than 50 levels."),
        (3000, "The result was left out: it is nested deeper than 50 levels."),
        (30_000, "The result was left out: it is nested deeper than 50 levels."),
    ],
)
def test_a_result_that_is_nested_too_deep_is_left_out(told, levels, result):
    value = []
    for _ in range(levels - 1):
        value = [value]
    report_end(0, "", value)
    assert told()[-1]["end"]["result"] == (value if result is None else result)


class Unprintable:
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("make", "kind"), [(lambda: 10**5000, "int"), (Unprintable, "Unprintable"), (lambda: [10**5000], "list")]
)
def test_a_result_that_cant_be_written_is_left_out(told, make, kind):
    report(result=make())
    report_end(0, "", None)
    assert told()[-1]["end"]["result"] == f"The result was left out: its {kind} can't be written as JSON or text."


def test_progress_of_any_kind_is_sent(told):
    report(10, 10**5000, Unprintable())
    assert told()[-1]["progress"] == {
        "done": 10,
        "total": "its text can't be printed",
        "message": "its text can't be printed",
        "rate": progress._state.progress["rate"],
    }


def test_no_more_of_an_error_is_sent_than_is_kept(told):
    report_end(1, "e" * 2**20, None)
    assert told()[-1]["end"]["error"] == "e" * 8001


def test_the_end_says_when_it_came(told):
    before = time.monotonic()
    report_end(0, "", None)
    assert before <= told()[-1]["end"]["at"] <= time.monotonic()


def test_a_command_that_asks_is_trusted_to_end_by_itself(told):
    assert progress.note_termination() is False
    assert cancelled() is True
    assert progress.note_termination() is True
