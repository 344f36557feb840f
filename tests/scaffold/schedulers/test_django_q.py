"""Rows of django-q2's Schedule, in their shapes; the package itself: tests/projects."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from jobs.scaffold.schedulers import django_q

AT = "tests.scaffold.schedulers.samples"
CALL = "django.core.management.call_command"
# A Monday in winter: 03:30 in Berlin.
NEXT = datetime(2027, 2, 1, 2, 30, tzinfo=UTC)


@pytest.fixture
def read(settings, monkeypatch):
    settings.TIME_ZONE = "Europe/Berlin"

    def read(kind="D", func=f"{AT}.nightly", **fields):
        empty = dict.fromkeys(("name", "hook", "args", "kwargs", "minutes", "cron", "cluster", "intended_date_kwarg"))
        usual = {"pk": 7, "repeats": -1, "next_run": NEXT, "get_schedule_type_display": lambda: kind}
        row = SimpleNamespace(func=func, schedule_type=kind, **(empty | usual | fields))
        monkeypatch.setattr(django_q, "rows", lambda app, model: SimpleNamespace(order_by=lambda field: [row]))
        return django_q.read()

    return read


@pytest.mark.parametrize(
    ("kind", "fields", "expressions"),
    [
        ("H", {}, ["0 30 * * * *"]),
        ("D", {}, ["0 30 3 * * *"]),
        ("W", {}, ["0 30 3 * * 1"]),
        ("M", {}, ["0 30 3 1 * *"]),
        ("BM", {}, ["0 30 3 1 2,4,6,8,10,12 *"]),
        ("Q", {}, ["0 30 3 1 2,5,8,11 *"]),
        ("Y", {}, ["0 30 3 1 2 *"]),
        ("I", {"minutes": 15}, ["0 */15 * * * *"]),
        ("C", {"cron": "0 22 * * 1-5", "next_run": None}, ["0 0 22 * * 1-5"]),
        ("C", {"cron": "0 3 13 * fri"}, ["0 0 3 13 * *", "0 0 3 1-12,14-31 * fri"]),
    ],
)
def test_the_kind_of_a_schedule_and_its_next_run_are_an_expression(read, kind, fields, expressions):
    reading = read(kind, **fields)
    assert ([job.expression for job in reading.found], reading.refused) == (expressions, [])


def test_arguments_are_read_as_django_q_reads_them(read):
    [job] = read(func=CALL, args="'sleeps', 3", kwargs="verbosity=0, q_options={'timeout': 9}").found
    assert (job.command, job.arguments) == ("sleeps", ("3", "--verbosity=0"))
    assert job.notes == (
        "Its times are those of its next run, 2027-02-01 03:30.",
        "Its q_options are left out: timeout.",
    )
    [job] = read(func=CALL, args="'succeeds'", kwargs="{'verbosity': 0}", hook="shop.done", name="x").found
    assert (job.place, job.arguments) == ("schedule 'x'", ("--verbosity=0",))
    assert job.notes[1] == "hook=shop.done isn't called. Make it a command, and declare it with after=."


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": "O"}, "It runs once."),
        ({"kind": "BW"}, "It runs every other week"),
        ({"kind": "I", "minutes": 45}, "Every 45 minutes can't be written"),
        ({"kind": "M", "next_run": NEXT.replace(month=1, day=31)}, "It runs on day 31, which not every month has."),
        ({"kind": "C", "cron": "0 3 */2 * 1"}, "0 3 */2 * 1: croniter's versions differ"),
        ({"kind": "C", "cron": "0 0 3 * * *"}, "A crontab's schedule has five fields"),
        ({"repeats": 3}, "It ends after 3 more runs"),
        ({"repeats": 0}, "It has no repeats left."),
        ({"next_run": None}, "It has no next run"),
        ({"args": "shop.now()"}, "Its args or kwargs can't be read as Python's literals."),
        ({"intended_date_kwarg": "day"}, "Its function gets the time in day."),
        ({"func": "shop.gone"}, "shop.gone can't be imported"),
        ({"func": f"{AT}.two_things"}, "Which command does this can't be seen."),
    ],
)
def test_a_schedule_that_no_declaration_says_is_refused(read, fields, reason):
    reading = read(**fields)
    assert not reading.found
    assert reading.refused[0].reason.startswith(reason)
    assert reading.refused[0].place == "schedule 7"
