import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.choices import AttemptStatus, Status
from jobs.models import Attempt, Output, Run
from jobs.reading.output import window
from jobs.reading.output.cursor import Cursor, UnreadableCursor
from jobs.reading.output.pieces import read_after, read_before
from jobs.reading.transcript import UnknownAttempt, UnknownRun
from tests.helpers.plans import plans
from tests.helpers.rows import NOON, a_queued_run, a_run, an_attempt
from tests.helpers.thorough import examples

pytestmark = pytest.mark.django_db


def all_after(run, cursor=None, limit=window.LIMIT):
    """All answers from this place on, as a reader gets them who asks until told to wait."""
    answers = [read_after(run.pk, cursor, limit=limit)]
    while answers[-1].retry_after == 0:
        answers.append(read_after(run.pk, str(answers[-1].next), limit=limit))
    return answers


def write(attempt, *bodies, at=NOON):
    """The attempt goes on writing."""
    number = attempt.output.count()
    for place, body in enumerate(bodies, number):
        Output.objects.create(attempt=attempt, number=place, at=at, body=body)


def test_a_reader_gets_each_byte_once_while_the_run_writes_and_is_told_when_there_is_no_more():
    run = a_run(status=Status.RUNNING)
    attempt = an_attempt(run, status=AttemptStatus.RUNNING, written=[b"one\n"])
    first = read_after(run.pk)
    assert (first.text, first.attempt, first.complete) == ("one\n", 1, False)
    nothing = read_after(run.pk, str(first.next))
    assert (nothing.text, nothing.next, nothing.complete) == ("", first.next, False)
    write(attempt, b"two\n", b"three\n")
    more = read_after(run.pk, str(nothing.next))
    assert (more.text, more.line) == ("two\nthree\n", None)  # a former release wrote it
    Attempt.objects.update(status=AttemptStatus.SUCCEEDED)
    Run.objects.update(status=Status.SUCCEEDED, finished_at=NOON, lease_expires_at=None)
    end = read_after(run.pk, str(more.next))
    assert (end.text, end.complete, end.retry_after) == ("", True, None)


def test_after_an_attempt_comes_the_next_one_and_each_answer_is_of_one():
    run = a_run(attempt=3)
    an_attempt(run, 1, AttemptStatus.FAILED, written=[b"first"])
    an_attempt(run, 2, AttemptStatus.LOST)
    an_attempt(run, 3, written=[b"third"])
    answers = all_after(run)
    assert [(found.attempt, found.text, found.complete) for found in answers] == [
        (1, "first", False),
        (3, "third", True),
    ]
    assert [found.attempt for found in all_after(run, "2.0.0")] == [3]


def test_a_retry_that_waits_is_waited_for():
    run = a_queued_run(attempt=1, not_before=timezone.now() + timedelta(seconds=7))
    an_attempt(run, 1, AttemptStatus.FAILED, written=[b"first"])
    found = read_after(run.pk)
    assert (found.text, found.complete) == ("first", False)
    assert 2 <= found.retry_after <= 7
    an_attempt(run, 2, AttemptStatus.RUNNING, written=[b"second"])
    assert read_after(run.pk, str(found.next)).text == "second"


@pytest.mark.parametrize(("quiet", "pause"), [(0, 1), (11, 2), (61, 5)])
def test_a_quiet_run_is_asked_less_often(quiet, pause):
    run = a_run(status=Status.RUNNING)
    attempt = an_attempt(run, status=AttemptStatus.RUNNING)
    write(attempt, b"x", at=timezone.now() - timedelta(seconds=quiet))
    assert read_after(run.pk, "1.1.0").retry_after == pause


def test_a_run_that_waits_is_asked_seldom_and_one_that_never_started_is_complete():
    waiting = read_after(a_queued_run(not_before=timezone.now() + timedelta(hours=1)).pk)
    assert (waiting.attempt, waiting.next, waiting.retry_after) == (0, Cursor(1), 10)
    skipped = a_run(status=Status.SKIPPED)
    found = read_after(skipped.pk)
    assert (found.complete, found.notes) == (
        True,
        [f"Run {skipped.pk} of nightly never started (it is skipped), so it wrote nothing."],
    )


def test_a_character_that_has_not_come_whole_is_left_for_the_next_time():
    run = a_run(status=Status.RUNNING)
    attempt = an_attempt(run, status=AttemptStatus.RUNNING, written=[b"a", b"\xf0\x9f", b"\x8c"])
    found = read_after(run.pk)
    assert (found.text, found.next) == ("a", Cursor(1, 1, 0))
    write(attempt, b"\x99b\xf0")
    found = read_after(run.pk, str(found.next))
    assert (found.text, found.next) == ("🌙b", Cursor(1, 3, 2))
    Attempt.objects.update(status=AttemptStatus.LOST)
    assert read_after(run.pk, str(found.next)).text == "�"


def test_stderr_may_come_between_the_bytes_of_a_character():
    run = a_run()
    an_attempt(run, written=[(b"\xc3err\xa4", [1, 4])])
    found = read_after(run.pk)
    assert (found.text, found.stderr) == ("errä", [(0, 3)])


def test_stderr_is_where_the_spans_say_in_characters():
    run = a_run()
    an_attempt(run, written=[("ä out".encode() + b"err", [6, 9]), (b"err out", [0, 3])])
    found = read_after(run.pk)
    assert [found.text[start:end] for start, end in found.stderr] == ["errerr"]
    assert found.text == "ä outerrerr out"


def test_the_tail_begins_with_a_line_and_what_is_earlier_can_be_loaded():
    run = a_run()
    an_attempt(run, written=[b"one\ntwo\nth", b"ree\nfour\n"])
    tail = read_after(run.pk, tail=8)
    assert (tail.text, tail.line, tail.complete) == ("four\n", 4, True)
    earlier = read_before(run.pk, str(tail.before), limit=6)
    assert (earlier.text, earlier.line, earlier.next) == ("three\n", 3, tail.before)
    first = read_before(run.pk, str(earlier.before))
    assert (first.text, first.line, first.before) == ("one\ntwo\n", 1, None)


def test_the_tail_of_a_line_that_never_ends_begins_with_a_character():
    run = a_run()
    an_attempt(run, written=["🌙".encode() * 4])
    assert read_after(run.pk, tail=6).text == "🌙"
    assert read_after(run.pk, tail=8).text == "🌙🌙"


def test_what_was_dropped_or_deleted_is_said():
    run = a_run()
    attempt = an_attempt(run, written=[b"text"], output_bytes=3 * 1024**2, output_dropped=1024**2)
    assert read_after(run.pk).notes == [
        "Attempt 1 wrote 3 MiB, more than its output_limit: 1 MiB were dropped between beginning and end."
    ]
    Attempt.objects.update(finished_at=NOON, output_deleted_at=NOON + timedelta(days=30))
    for found in (read_after(run.pk), read_after(run.pk, tail=10), read_before(run.pk, "1.1.0")):
        assert (found.text, found.complete, found.before) == ("", True, None)
        assert found.notes == [
            f"What attempt {attempt.number} of run {run.pk} wrote was deleted after 30 days, on 2026-04-13."
        ]


@pytest.mark.parametrize("text", ["", "1", "1.2", "1.2.x", "1.2.-3", "1.2.3.4", "9999999999.0.0", "1.2.3\n", "¹.0.0"])
def test_a_cursor_that_is_none_is_refused_with_a_sentence(text):
    said = f"^{re.escape(repr(text))} is not a place in a run's output\\. Pass on the `next` or `before` of an answer"
    with pytest.raises(UnreadableCursor, match=said):
        read_after(1, text)
    with pytest.raises(UnreadableCursor, match=said):
        read_before(1, text)


def test_a_run_or_attempt_that_does_not_exist_is_named():
    with pytest.raises(UnknownRun):
        read_after(17)
    run = a_run()
    an_attempt(run)
    with pytest.raises(UnknownAttempt, match=r"has no attempt 2\. Its latest is attempt 1\.$"):
        read_after(run.pk, "2.0.0")


def test_a_piece_that_was_lost_holds_nobody_up():
    run = a_run()
    attempt = an_attempt(run, written=[b"one", b"two", b"three"])
    attempt.output.filter(number=1).delete()
    assert [found.text for found in all_after(run, limit=4)] == ["onet", "hree"]


@pytest.mark.parametrize(
    ("ask", "length"),
    [({"cursor": "1.1500.7"}, 64 * 1024), ({"tail": 99_994}, 99_994), ({"limit": 10**9}, 100 * 1700)],
)
def test_a_part_costs_the_same_wherever_it_lies(ask, length, django_assert_num_queries, monkeypatch):
    """Its bytes are bounded, and the pieces that are looked at."""
    monkeypatch.setattr("jobs.reading.output.chunks.PIECES", 100)
    run = a_run()
    an_attempt(run, written=[b"a line of output\n" * 100] * 2000)
    an_attempt(a_run(), written=[b"another run's"] * 50)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE nightshift_output")
    with django_assert_num_queries(3):
        found = read_after(run.pk, **ask)
    assert len(found.text) == length
    with plans(["nightshift_output"]) as explained:
        read_after(run.pk, **ask)
    assert "nightshift_output" not in set().union(*(plan.scanned for plan in explained))
    assert max(plan.rows for plan in explained) <= 110


def test_what_is_earlier_ends_where_the_rest_began_also_among_bytes_that_are_no_text():
    run = a_run()
    an_attempt(run, written=[b"one\nabc\xc3", b"twos"])
    tail = read_after(run.pk, tail=4)
    earlier = read_before(run.pk, str(tail.before), limit=4)
    assert (tail.text, earlier.text, earlier.next) == ("twos", "abc�", tail.before)


@settings(max_examples=examples(thorough=500, quick=15), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pieces=st.lists(st.binary(max_size=12) | st.text("ä🌙\n", max_size=6).map(str.encode), min_size=1, max_size=8),
    stderr=st.lists(st.booleans(), min_size=8, max_size=8),
    limit=st.integers(1, 20),
)
def test_parts_of_any_size_make_up_the_whole(pieces, stderr, limit):
    """Forwards they are the text that all bytes are, and backwards the same."""
    run = a_run()
    an_attempt(run, written=[(body, [0, len(body)] if err else []) for body, err in zip(pieces, stderr, strict=False)])
    one_stream = len(set(stderr[: len(pieces)])) == 1
    whole = read_after(run.pk)
    forward = all_after(run, limit=limit)
    assert all(
        found.line == "".join(f.text for f in forward[:n]).count("\n") + 1
        for n, found in enumerate(forward)
        if found.text
    )
    if one_stream:
        assert whole.text == b"".join(pieces).decode(errors="replace")
        assert "".join(found.text for found in forward) == whole.text
    backward = [read_after(run.pk, tail=limit)]
    while backward[-1].before is not None:
        assert backward[-1].before < backward[-1].next
        backward.append(read_before(run.pk, str(backward[-1].before), limit=limit))
    if all(len(body.decode(errors="ignore").encode()) == len(body) for body in pieces):
        assert "".join(found.text for found in reversed(backward)) == whole.text
