import subprocess
import sys
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from tests.helpers.rows import NOON, a_run, an_attempt


@pytest.fixture
def prints(db, capfdbinary):
    def output(*words):
        call_command("output", *map(str, words))
        return capfdbinary.readouterr().out

    return output


def test_what_an_attempt_wrote_comes_byte_for_byte(prints):
    run = a_run()
    an_attempt(run, written=[bytes(range(256)), b"no line's end"])
    assert prints(run.pk) == bytes(range(256)) + b"no line's end"


def test_the_latest_attempt_is_shown_unless_another_is_named(prints):
    run = a_run(attempt=2)
    an_attempt(run, 1, written=[b"first"])
    an_attempt(run, 2, written=[b"second"])
    assert prints(run.pk) == b"second"
    assert prints(run.pk, "--attempt", 1) == b"first"


def test_stderr_can_be_shown_alone(prints):
    run = a_run()
    an_attempt(run, written=[(b"out\nerr\n", [4, 8])])
    assert prints(run.pk, "--stderr") == b"err\n"


def test_a_run_that_does_not_exist_is_named(prints):
    with pytest.raises(CommandError, match=r"^There is no run 17\. `manage\.py runs` lists the latest ones\.$"):
        prints(17)


def test_an_attempt_that_does_not_exist_is_named(prints):
    run = a_run()
    an_attempt(run)
    with pytest.raises(CommandError) as error:
        prints(run.pk, "--attempt", 2)
    assert str(error.value) == f"Run {run.pk} of nightly has no attempt 2. Its latest is attempt 1."


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_has_seen_enough_is_no_error(database_url):
    run = a_run()
    an_attempt(run, written=[b"a line\n" * 9000] * 10)
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} manage.py output {run.pk} | head -1"], capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"a line\n", b"")


def test_output_that_was_deleted_is_no_empty_text(prints):
    run = a_run()
    an_attempt(run, finished_at=NOON, output_deleted_at=NOON + timedelta(days=1))
    with pytest.raises(CommandError) as error:
        prints(run.pk)
    assert str(error.value) == f"What attempt 1 of run {run.pk} wrote was deleted after 1 day, on 2026-03-15."
