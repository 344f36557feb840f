"""CRONJOBS, in the shapes that django-crontab documents."""

from datetime import timedelta

import pytest

from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers import django_crontab

AT = "tests.scaffold.schedulers.samples"
CALL = "django.core.management.call_command"


@pytest.fixture
def read(settings):
    def read(*jobs, **rules):
        settings.CRONJOBS = list(jobs)
        for name, value in rules.items():
            setattr(settings, name, value)
        return django_crontab.read()

    return read


@pytest.mark.parametrize(
    ("job", "command", "arguments", "expression"),
    [
        (("*/5 * * * *", f"{AT}.nightly"), "clearsessions", (), "0 */5 * * * *"),
        (("0 4 * * *", CALL, ["clearsessions"]), "clearsessions", (), "0 0 4 * * *"),
        (("0 0 1 * *", CALL, ["sleeps", "a b%"], {"verbosity": 0}), "sleeps", ("a b%", "--verbosity=0"), "0 0 0 1 * *"),
        (("0 4 * * *", f"{AT}.nightly", ">> /tmp/scheduled.log"), "clearsessions", (), "0 0 4 * * *"),
        (("@daily", CALL, ["succeeds"], {}, "2>&1 | logger"), "succeeds", (), "0 0 0 * * *"),
    ],
)
def test_an_entry_becomes_a_declaration(read, job, command, arguments, expression):
    reading = read(job)
    [found] = reading.found
    assert (found.command, found.arguments, found.expression) == (command, arguments, expression)
    assert (found.place, reading.refused) == ("CRONJOBS[0]", [])


def test_what_stands_around_the_command_is_read_as_in_a_crontab(read):
    job = ("0 4 * * *", f"{AT}.nightly", ">> /tmp/scheduled.log")
    [found] = read(job, CRONTAB_COMMAND_PREFIX="timeout 600", CRONTAB_LOCK_JOBS=True).found
    assert found.options == {"overlap": "skip", "timeout": timedelta(minutes=10)}
    assert found.notes == (">> /tmp/scheduled.log is left out: a run's output is kept.",)


def test_either_day_is_two_declarations(read):
    assert [job.expression for job in read(("0 3 13 * fri", f"{AT}.nightly")).found] == [
        "0 0 3 13 * *",
        "0 0 3 1-12,14-31 * fri",
    ]


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (("* * * * *", f"{AT}.two_things"), "Which command does this can't be seen."),
        (
            ("* * * * *", "shop.gone.clean"),
            "shop.gone.clean can't be imported: ModuleNotFoundError: No module named 'shop'",
        ),
        (("61 * * * *", f"{AT}.nightly"), "cron can't read '61' as the minute."),
        (("0 4 * * *", f"{AT}.nightly", "> /srv/report.txt"), "What it writes becomes the file /srv/report.txt."),
    ],
)
def test_an_entry_that_no_declaration_says_is_refused_with_its_place(read, job, reason):
    reading = read(("0 1 * * *", f"{AT}.nightly"), job)
    [refused] = reading.refused
    assert (len(reading.found), refused.place) == (1, "CRONJOBS[1]")
    assert refused.reason.startswith(reason)


def test_a_crontab_of_other_settings_is_refused(read):
    [refused] = read(("* * * * *", f"{AT}.nightly"), CRONTAB_DJANGO_SETTINGS_MODULE="other.settings").refused
    assert refused.reason.startswith("--settings names other settings")


def test_settings_without_cronjobs_are_an_error(settings):
    with pytest.raises(Untranslatable, match=r"The settings have no CRONJOBS\."):
        django_crontab.read()
