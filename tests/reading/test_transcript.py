import pytest

from jobs.reading.transcript import UnknownAttempt, UnknownRun, attempt_of, ending, pieces
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db


def test_the_latest_attempt_is_meant_unless_another_is_named():
    run = a_run(attempt=2)
    first, second = an_attempt(run, 1), an_attempt(run, 2)
    assert attempt_of(run.pk) == second
    assert attempt_of(run.pk, 1) == first


def test_a_run_that_does_not_exist_is_named():
    with pytest.raises(UnknownRun, match=r"^There is no run 17\. `manage\.py runs` lists the latest ones\.$"):
        attempt_of(17)


def test_an_attempt_that_does_not_exist_is_named():
    run = a_run(attempt=2)
    with pytest.raises(UnknownAttempt) as error:
        attempt_of(run.pk, 3)
    assert str(error.value) == f"Run {run.pk} of nightly has no attempt 3. Its latest is attempt 2."


def test_a_run_that_never_started_wrote_nothing():
    run = a_run(status="skipped")
    with pytest.raises(UnknownAttempt) as error:
        attempt_of(run.pk)
    assert str(error.value) == f"Run {run.pk} of nightly never started (it is skipped), so it wrote nothing."


def test_output_comes_back_as_it_was_written():
    attempt = an_attempt(a_run(), written=[b"\xff\x00 one", b"", b"two\n"])
    assert b"".join(pieces(attempt)) == b"\xff\x00 onetwo\n"


def test_stderr_can_be_distinguished_from_stdout():
    attempt = an_attempt(a_run(), written=[(b"out err out err", [4, 7, 12, 15]), (b"out", [])])
    assert b"".join(pieces(attempt, stderr_only=True)) == b"errerr"


def test_the_ending_is_read_without_what_came_before(django_assert_num_queries):
    attempt = an_attempt(a_run(), written=[b"a" * 1000, b"b" * 10, b"c" * 10])
    with django_assert_num_queries(1):
        assert ending(attempt, 15) == "b" * 5 + "c" * 10
    assert ending(attempt, 5000) == "a" * 1000 + "b" * 10 + "c" * 10


def test_the_ending_of_an_attempt_that_wrote_nothing_is_empty():
    assert ending(an_attempt(a_run()), 100) == ""
