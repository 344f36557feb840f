"""Celery's entries and django-celery-beat's rows, in their shapes; the packages themselves: tests/projects."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers import celery_beat, celery_rows
from jobs.scaffold.schedulers.celery_times import when
from tests.scaffold.schedulers import samples

BERLIN = ZoneInfo("Europe/Berlin")


def crontab(minute="*", hour="*", weekday="*", *, minutes=range(60), hours=range(24), weekdays=range(7), **more):
    """What celery.schedules.crontab has: the sets, and what its author wrote."""
    return SimpleNamespace(
        _orig_minute=minute,
        _orig_hour=hour,
        _orig_day_of_week=weekday,
        minute=set(minutes),
        hour=set(hours),
        day_of_week=set(weekdays),
        day_of_month=set(range(1, 32)),
        month_of_year=set(range(1, 13)),
        **{"nowfun": None, **more},
    )


NIGHTLY = crontab(30, "3", "mon-fri", minutes={30}, hours={3}, weekdays={1, 2, 3, 4, 5})


@pytest.fixture
def app(monkeypatch):
    tasks = {
        "nightly": SimpleNamespace(run=samples.nightly, time_limit=None),
        "tasks.succeeds": SimpleNamespace(run=print, _orig_run=samples.succeeds, autoretry_for=(OSError,)),
        "tasks.sleeps": SimpleNamespace(run=samples.sleeps),
    }
    app = SimpleNamespace(timezone=UTC, tasks=tasks, conf=SimpleNamespace(beat_schedule={}))
    for module in (celery_beat, celery_rows):
        monkeypatch.setattr(module, "project_app", lambda: app)
    return app


@pytest.mark.parametrize(
    ("schedule", "expression"),
    [
        (NIGHTLY, "0 30 3 * * mon-fri"),
        (crontab("*/15", minutes={0, 15, 30, 45}), "0 */15 * * * *"),
        (crontab([0, 30], minutes={0, 30}), "0 0,30 * * * *"),
        (crontab(0, 4, "7", minutes={0}, hours={4}, weekdays={0}), "0 0 4 * * 0"),
        (30.0, "*/30 * * * * *"),
        (timedelta(minutes=5), "0 */5 * * * *"),
        (SimpleNamespace(run_every=timedelta(hours=1)), "0 0 * * * *"),
    ],
)
def test_a_schedule_becomes_an_expression(schedule, expression):
    assert when(schedule, UTC).expression == expression


def test_the_apps_time_zone_is_declared_where_it_isnt_the_projects(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    assert when(NIGHTLY, UTC).options == {"time_zone": "UTC"}
    assert when(NIGHTLY, BERLIN).options == {}
    in_a_row = crontab(nowfun=print, tz=ZoneInfo("Asia/Tokyo"))
    assert when(in_a_row, UTC).options == {"time_zone": "Asia/Tokyo"}


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        (SimpleNamespace(event="sunset", lat=1, lon=2), "It follows the sun"),
        (SimpleNamespace(clocked_time="2027-01-01"), "It runs once, at 2027-01-01"),
        (crontab(nowfun=print), "Its crontab has a clock of its own"),
        (timedelta(minutes=7), "Every 7 minutes"),
        (object(), "A schedule of the class object can't be read"),
    ],
)
def test_a_schedule_without_fixed_times_is_refused(schedule, reason):
    with pytest.raises(Untranslatable, match=reason):
        when(schedule, UTC)


def test_entries_of_beat_schedule(app, settings):
    settings.TIME_ZONE = "UTC"
    app.conf.beat_schedule = {
        "night": {"task": "nightly", "schedule": NIGHTLY, "options": {"queue": "slow", "expires": 60}},
        "often": {"task": "tasks.succeeds", "schedule": 60},
        "with arguments": {"task": "tasks.sleeps", "schedule": 60, "args": (3,), "kwargs": {"token": "x"}},
        "gone": {"task": "tasks.gone", "schedule": 60},
    }
    reading = celery_beat.read()
    assert [(job.place, job.command, job.expression, job.notes) for job in reading.found] == [
        (
            *("beat_schedule['night']", "clearsessions", "0 30 3 * * mon-fri"),
            ("Its options are left out: expires, queue.",),
        ),
        (
            *("beat_schedule['often']", "succeeds", "0 * * * * *"),
            (
                "By its name alone: tasks.succeeds and the command succeeds may differ. Compare them.",
                f"autoretry_for={(OSError,)!r} of the task is left out: retry= says it here.",
            ),
        ),
    ]
    assert [(one.place, one.text, one.reason) for one in reading.refused] == [
        (
            "beat_schedule['with arguments']",
            "tasks.sleeps(3, token='x') 60",
            "Which command does this can't be seen. "
            "Write a management command that calls tasks.sleeps, and declare that.",
        ),
        (
            "beat_schedule['gone']",
            "tasks.gone() 60",
            "The project has no task 'tasks.gone'. Remove the entry, or import the task's module.",
        ),
    ]


class Reported(SimpleNamespace):
    def on_failure(self, *details):
        print("report")


class Locked(SimpleNamespace):
    def __call__(self, *args):
        print("lock")


def test_what_a_tasks_class_does_around_its_runs_is_noted_or_refused(app):
    app.tasks = {"reported": Reported(run=samples.nightly), "locked": Locked(run=samples.nightly)}
    app.conf.beat_schedule = {name: {"task": name, "schedule": 60} for name in app.tasks}
    reading = celery_beat.read()
    assert [job.notes for job in reading.found] == [("on_failure of the task's class isn't called here.",)]
    assert [(one.place, one.reason) for one in reading.refused] == [
        (
            "beat_schedule['locked']",
            "The task's class has a __call__ of its own. "
            "Write a management command that calls locked, and declare that.",
        )
    ]


def test_an_app_without_beat_schedule_is_an_error(app):
    with pytest.raises(Untranslatable, match="--from django-celery-beat"):
        celery_beat.read()


def row(name, task="nightly", **fields):
    empty = dict.fromkeys(("start_time", "expires", "expire_seconds", "queue", "exchange", "routing_key", "priority"))
    empty |= dict.fromkeys(("crontab", "interval", "solar", "clocked"))
    usual = {"schedule": timedelta(minutes=5), "args": "[]", "kwargs": "{}", "enabled": True, "one_off": False}
    return SimpleNamespace(name=name, task=task, **(empty | usual | fields))


def read_rows(monkeypatch, *them):
    table = SimpleNamespace(order_by=lambda field: them)
    table.select_related = lambda *names: table
    monkeypatch.setattr(celery_rows, "rows", lambda app, model: table)
    return celery_rows.read()


def test_rows_of_django_celery_beat(app, monkeypatch):
    [job] = read_rows(monkeypatch, row("clean", queue="slow", expire_seconds=60)).found
    assert (job.place, job.command, job.expression) == ("periodic task 'clean'", "clearsessions", "0 */5 * * * *")
    assert job.notes[1:] == (
        "expire_seconds=60 is left out: start_deadline= says it here.",
        "queue=slow is left out.",
    )


class Unreadable(SimpleNamespace):
    @property
    def schedule(self):
        raise RuntimeError("negative numbers not supported")  # as celery.schedules.ParseException is


def test_a_row_whose_schedule_celery_cant_parse_is_refused_alone(app, monkeypatch):
    broken = vars(row("broken"))
    del broken["schedule"]
    reading = read_rows(monkeypatch, Unreadable(**broken), row("clean"))
    assert [job.place for job in reading.found] == ["periodic task 'clean'"]
    assert [(one.place, one.reason) for one in reading.refused] == [
        (
            "periodic task 'broken'",
            "Celery can't read its schedule: RuntimeError: negative numbers not supported. Correct the row.",
        )
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"enabled": False}, "It is disabled."),
        ({"one_off": True}, "It runs once (one_off)."),
        ({"expires": datetime(2020, 1, 1, tzinfo=UTC)}, "It ended at 2020-01-01"),
        ({"schedule": SimpleNamespace(clocked_time="2030-01-01")}, "It runs once, at 2030-01-01"),
        ({"solar": "sunset"}, "It follows the sun"),
        ({"task": "celery.backend_cleanup"}, "Celery made it for its own results."),
        ({"args": "[1"}, "Its arguments can't be read as JSON."),
        ({"kwargs": "[]"}, "Its arguments are not a list and a dictionary."),
    ],
)
def test_rows_that_no_declaration_says(app, monkeypatch, fields, reason):
    reading = read_rows(monkeypatch, row("x", **fields))
    assert not reading.found
    assert reading.refused[0].reason.startswith(reason)
