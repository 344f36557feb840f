"""A project with five schedulers, by the packages themselves: `nightshift init --from` reads each of them."""

import pytest

from tests.projects.test_projects import Theirs, wheel  # noqa: F401 — a fixture

pytestmark = [pytest.mark.projects, pytest.mark.timeout(900)]

DECLARED = {
    "celery": [
        'declare("clearsessions", schedule="0 */5 * * * *")',
        'declare("stock_2", command="stock", schedule="0 * * * * *")',
        "# on_failure of the task's class isn't called here.",
        'declare("stock_3", command="stock", schedule="0 0 * * * *")',
        'schedule="0 30 6-18/3 * * mon-fri"',
        'time_zone="America/New_York"',
    ],
    "django-celery-beat": [
        'declare("clearsessions", schedule="0 */10 * * * *")',
        'declare("stock", "--shelf", "7", "--verbosity=0", schedule="0 15 2 * * 1,3", time_zone="Asia/Tokyo")',
    ],
    "django-cron": ['declare("stock", schedule="0 30 11,14 * * 1,5")'],
    "django-crontab": [
        'declare("clearsessions", schedule="0 */5 * * * *")',
        'declare("stock", "--shelf=7", schedule="0 0 4 * * *")',
    ],
    "django-q": [
        'declare("clearsessions", schedule="0 30 3 * * *")',
        'declare("stock", "--shelf", "3", schedule="0 0 22 * * 1-5")',
    ],
}
REFUSED = {
    "celery": [f"beat_schedule['{name}']" for name in ("seven", "sunset", "mail", "locked", "gone")],
    "django-celery-beat": [f"periodic task '{name}'" for name in ("broken", "mail", "off", "once")],
    "django-cron": ["CRON_CLASSES[1]"],
    "django-crontab": ["CRONJOBS[2]"],
    "django-q": ["schedule 'once'", "schedule 'mail'"],
}


@pytest.fixture(scope="module")
def depot(wheel, tmp_path_factory):  # noqa: F811
    theirs = Theirs("five_schedulers", tmp_path_factory.mktemp("depot"), "")
    theirs.pip("-r", "requirements.txt", wheel)
    theirs.manage("migrate", "--verbosity", "0")
    theirs.python("rows.py")
    return theirs


@pytest.mark.parametrize("scheduler", DECLARED)
def test_what_a_scheduler_runs_is_declared_and_the_rest_refused_with_its_place(scheduler, depot):
    schedule = depot.folder / "depot/schedule.py"
    schedule.unlink(missing_ok=True)
    depot.nightshift("init", "--from", scheduler)
    declared, rest = schedule.read_text().split("# Not declared:\n")
    for line in DECLARED[scheduler]:
        assert line in declared
    refused = rest.split("\n\n")[0].splitlines()
    assert [line[2:].split(": ")[0] for line in refused if not line.startswith("#  ")] == REFUSED[scheduler]


def test_an_app_that_the_project_doesnt_import_is_found_beside_the_settings(depot):
    package = depot.folder / "depot/__init__.py"
    before = package.read_text()
    package.write_text("")
    try:
        (depot.folder / "depot/schedule.py").unlink(missing_ok=True)
        said = depot.nightshift("init", "--from", "celery").stdout
    finally:
        package.write_text(before)
    assert "from celery: 4 jobs." in said
