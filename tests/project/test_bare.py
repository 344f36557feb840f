"""A project that has none of our settings, and no app beyond what Nightshift depends on."""

from pathlib import Path

import pytest

from tests.helpers.beside import Project, empty_database

pytestmark = pytest.mark.django_db(transaction=True)
SETTINGS = """
    from pathlib import Path
    from mydjango import database, env

    SECRET_KEY = "a-test's"
    INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "jobs", "shop"]
    DATABASES = {"default": database.from_url(env.text("DATABASE_URL"))}
"""
FILES = {
    "host.json": (Path(__file__).resolve().parents[2] / "host.json").read_text(),  # what `check` compares with
    "shop/management/commands/greet.py": """
        from django.core.management.base import BaseCommand

        class Command(BaseCommand):
            def handle(self, **options):
                self.stdout.write("good evening")
    """,
    "shop/schedule.py": """
        from jobs import declare

        declare("greet", schedule="0 0 3 * * *")
    """,
}


@pytest.fixture
def project(tmp_path, database_url):
    with empty_database(database_url, "bare") as url:
        project = Project(tmp_path, url, files=FILES)
        project.write("project_settings.py", SETTINGS)
        yield project


def test_check_migrate_jobs_and_run_work_without_a_setting_of_ours(project):
    checked = project.manage("check")
    assert checked.returncode == 0, checked.stderr
    migrated = project.manage("migrate", "--verbosity", "0")
    assert migrated.returncode == 0, migrated.stderr
    listed = project.manage("jobs")
    assert "greet" in listed.stdout, listed.stderr
    ran = project.manage("run", "greet")
    assert (ran.returncode, "good evening" in ran.stdout) == (0, True), ran.stdout + ran.stderr


def test_a_setting_that_cannot_be_used_stops_any_project(project):
    project.write("project_settings.py", SETTINGS + "    JOBS_MAX_RUNNING = 0\n")
    checked = project.manage("check")
    assert checked.returncode == 1
    assert checked.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: JOBS_MAX_RUNNING is 0. Write 1 or more."
    )
