"""CRON_CLASSES: classes with a Schedule, as django-cron has them."""

import pytest

from jobs.scaffold.schedulers import django_cron

AT = "tests.scaffold.schedulers.samples"


@pytest.fixture
def read(settings):
    def read(*names):
        settings.CRON_CLASSES = [f"{AT}.{name}" for name in names]
        return django_cron.read()

    return read


def test_an_interval_and_a_do_that_calls_a_command(read):
    [job] = read("Clean").found
    assert (job.place, job.text, job.command, job.expression) == (
        *("CRON_CLASSES[0]", f"{AT}.Clean"),
        *("clearsessions", "0 */5 * * * *"),
    )


def test_times_of_day_on_days_that_count_from_monday(read):
    jobs = read("Report").found
    assert [(job.command, job.expression) for job in jobs] == [
        ("succeeds", "0 0 12 * * 0-1"),
        ("succeeds", "0 30 6,18 * * 0-1"),
    ]
    assert jobs[0].options == {"overlap": "allow"}
    assert jobs[0].notes == (
        "retry_after_failure_mins is left out: retry= says whether and when a failed run is retried.",
    )


def test_what_no_declaration_says_is_refused(read):
    assert [(one.place, one.reason) for one in read("Both", "Newer", "Missing", "Poll").refused] == [
        ("CRON_CLASSES[0]", "It runs both at intervals and at times, or at neither. Choose one, and declare that."),
        (
            "CRON_CLASSES[1]",
            "Its schedule has run_tolerance_seconds, which no declaration says. Write its times.",
        ),
        (
            "CRON_CLASSES[2]",
            f'{AT}.Missing can\'t be imported: ImportError: Module "{AT}" does not define a "Missing" attribute/class. '
            "Correct the entry, or the module.",
        ),
        (
            "CRON_CLASSES[3]",
            "Which command does this can't be seen. "
            f"Write a management command that calls {AT}.Poll.do, and declare that.",
        ),
    ]
