"""`nightshift init --from` loads a project in a process of its own, with the project's settings."""

from pathlib import Path

import pytest
from django.core.management import call_command

from jobs.cli import main
from jobs.scaffold.schedulers.loading import SCHEDULERS
from jobs.scaffold.schedulers.readers import READERS

CRONJOBS = """
print("loading")
CRONJOBS = [
    ("0 4 * * *", "django.core.management.call_command", ["clearsessions"]),
    ("0 5 * * *", "shop.gone.report"),
]
"""


@pytest.fixture
def shop(tmp_path, monkeypatch):
    call_command("startproject", "shop", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    # As where the wheel is installed.
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).resolve().parents[3]))
    return tmp_path


def add(shop, text):
    settings = shop / "shop/settings.py"
    settings.write_text(settings.read_text() + text)


def test_each_scheduler_that_can_be_named_has_a_reader():
    assert tuple(sorted(READERS)) == SCHEDULERS


def test_what_a_package_runs_is_declared_and_the_rest_is_said(shop, capsys):
    add(shop, CRONJOBS)
    assert main(["init", "--from", "django-crontab"]) == 0
    said = capsys.readouterr().out
    assert "Declared in shop/schedule.py from django-crontab: 1 job." in said
    assert "CRONJOBS[1]: 0 5 * * * shop.gone.report()\n      shop.gone.report can't be imported:" in said
    written = (shop / "shop/schedule.py").read_text()
    assert 'declare("clearsessions", schedule="0 0 4 * * *")' in written
    assert "# django-crontab was read with the settings shop.settings." in written


def test_where_schedule_py_is_there_the_declarations_are_printed(shop, capsys):
    add(shop, CRONJOBS)
    (shop / "shop/schedule.py").write_text("# mine\n")
    (shop / "crontab").write_text("0 3 * * * ./manage.py check\n")
    assert main(["init", "--crontab", "crontab", "--from", "django-crontab"]) == 0
    said = capsys.readouterr().out
    assert "from the crontab and django-crontab: 2 jobs." in said
    assert 'declare("check", schedule="0 0 3 * * *")' in said
    assert 'declare("clearsessions", schedule="0 0 4 * * *")' in said
    assert (shop / "shop/schedule.py").read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("scheduler", "sentence"),
    [
        ("django-crontab", "The settings have no CRONJOBS. Name those that have it: --settings shop.settings"),
        ("django-cron", "The settings have no CRON_CLASSES. Name those that have it: --settings shop.settings"),
        ("celery", "Celery isn't installed here. Run this in the environment that has the project's packages."),
        (
            "django-celery-beat",
            "django_celery_beat is not in INSTALLED_APPS. Name the settings in which it is: --settings shop.settings",
        ),
        ("django-q", "django_q is not in INSTALLED_APPS. Name the settings in which it is: --settings shop.settings"),
    ],
)
def test_without_the_package_nothing_is_written(shop, capsys, scheduler, sentence):
    assert main(["init", "--from", scheduler]) == 1
    assert capsys.readouterr().err == f"{sentence}\n"
    assert not (shop / "shop/schedule.py").exists()


def test_a_project_that_cant_be_loaded_is_one_line_with_its_error(shop, capsys):
    add(shop, "\nraise RuntimeError('no key.\\n\\n    $ make key')\n")
    assert main(["init", "--from", "django-crontab"]) == 1
    assert capsys.readouterr().err == (
        "The schedules of django-crontab can't be read with the settings shop.settings: "
        "RuntimeError: no key. $ make key\n"
    )
