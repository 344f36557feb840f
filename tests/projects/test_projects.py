"""Projects of others take Nightshift on: a wheel, `nightshift init`, a crontab, and the first scheduled run.

`make projects-test` runs these: each makes a virtual environment of its own, with what the project asks for.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.helpers.beside import empty_database
from tests.helpers.command_lines import command_lines

pytestmark = [pytest.mark.projects, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
FIVE_MINUTES = 300


def run(*words, cwd, check=True, **environment):
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"} | environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0 or not check, f"{words}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT, cwd=folder)
    [built] = folder.glob("*.whl")
    return built


def by_their_variables(url):
    database = conninfo_to_dict(url)
    keys = {"DB_NAME": "dbname", "DB_HOST": "host", "DB_PORT": "port", "DB_USER": "user", "DB_PASSWORD": "password"}
    return {name: str(database.get(key) or "") for name, key in keys.items()}


class Theirs:
    """A copy of one of the projects here, in git, with an environment and a database of its own."""

    def __init__(self, name, folder, url):
        self.folder, self.bin = folder / "project", folder / "venv" / "bin"
        shutil.copytree(HERE / name, self.folder)
        self.environment = by_their_variables(url)
        venv.create(folder / "venv", with_pip=True)
        self.git("init", "--quiet")
        (self.folder / ".gitignore").write_text("__pycache__\n.local\n")
        self.git("add", "--all")
        self.git("-c", "user.name=ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "--message", "theirs")

    def git(self, *words):
        return run("git", *words, cwd=self.folder).stdout

    def pip(self, *words):
        return run(self.bin / "pip", "install", "--quiet", "--disable-pip-version-check", *words, cwd=self.folder)

    def manage(self, *words, **environment):
        return run(self.bin / "python", "manage.py", *words, cwd=self.folder, **self.environment | environment)

    def python(self, *words):
        return run(self.bin / "python", *words, cwd=self.folder, **self.environment)

    def nightshift(self, *words, **options):
        return run(self.bin / "nightshift", *words, cwd=self.folder, **self.environment, **options)

    def shell(self, line):
        path = f"{self.bin}{os.pathsep}{os.environ['PATH']}"
        return run("bash", "-ec", line, cwd=self.folder, **self.environment | {"PATH": path}).stdout

    def first_scheduled_run(self, job):
        """Serve the function app until a timer's run of this job has ended; gives it."""
        host = subprocess.Popen(
            [self.bin / "nightshift", "functions", "--port", "0"],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")} | self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            for _ in range(120):
                listed = json.loads(self.nightshift("runs", "--format", "json").stdout or "[]")
                ended = [run for run in listed if run["job"] == job and run["finished_at"]]
                if ended:
                    return ended[0]
                assert host.poll() is None, host.stdout.read()
                time.sleep(1)
            raise AssertionError(f"{job} didn't run")
        finally:
            host.terminate()
            host.wait(60)
            host.stdout.close()


@pytest.mark.parametrize(
    ("name", "requirements", "schema", "job", "declared"),
    [
        ("email_users", "requirements.txt", "", "remind", ["clearsessions", "prune_runs", "remind"]),
        (
            "wagtail_site",
            "requirements/production.txt",
            "jobs_ledger",
            "publish_scheduled",
            ["count_pages", "count_pages_2", "prune_runs", "publish_scheduled", "update_index"],
        ),
    ],
)
def test_a_project_runs_its_crontab_here_within_five_minutes(
    name, requirements, schema, job, declared, wheel, tmp_path, database_url
):
    with empty_database(database_url, f"projects_{name}") as url:
        theirs = Theirs(name, tmp_path, url)
        theirs.pip("-r", requirements)
        tests = theirs.manage("test", "--noinput").stderr
        assert "OK" in tests
        theirs.manage("migrate", "--verbosity", "0")

        began = time.monotonic()
        theirs.pip(f"{wheel}[local]")
        said = theirs.nightshift("init", "--crontab", "crontab").stdout
        assert "none changed." in said
        theirs.environment["JOBS_SCHEMA"] = schema
        theirs.nightshift("migrate", "--verbosity", "0")
        theirs.nightshift("check")
        first = theirs.first_scheduled_run(job)
        took = time.monotonic() - began
        print(f"{name}: from pip install to the first scheduled run in {took:.0f} s.")

        assert (first["status"], first["trigger"]) == ("succeeded", "schedule")
        assert took < FIVE_MINUTES
        listed = json.loads(theirs.nightshift("jobs", "--format", "json").stdout)
        assert sorted(one["name"] for one in listed) == declared
        assert {line[:2] for line in theirs.git("status", "--short").splitlines()} == {"??"}
        with psycopg.connect(url) as database:
            named = database.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'nightshift_run'").fetchall()
        assert named == [(schema or "public",)]
        # Their own tests and checks are as before.
        assert "OK" in theirs.manage("test", "--noinput").stderr
        theirs.manage("check")


def test_the_tutorial_leads_to_a_run_and_its_way_back_to_the_project_as_it_was(tmp_path, database_url):
    with empty_database(database_url, "projects_tutorial") as url:
        theirs = Theirs("email_users", tmp_path, url)
        (tmp_path / "nightshift").symlink_to(ROOT)
        theirs.pip("-r", "requirements.txt")
        theirs.manage("migrate", "--verbosity", "0")
        for line in command_lines("docs/tutorial.md"):
            if line == "nightshift functions":  # it serves until it is stopped
                assert theirs.first_scheduled_run("remind")["trigger"] == "schedule"
            else:
                theirs.shell(line)
        for line in command_lines("docs/how-to/upgrade.md"):
            if not line.startswith("git "):  # tests/repository/test_command_lines.py merges
                theirs.shell(line)
        for line in command_lines("docs/how-to/your-own-database.md"):
            if line != "nightshift doctor":  # nothing ticks now, and it says so
                theirs.shell(line)
        for line in command_lines("docs/how-to/remove.md"):
            theirs.shell(line)
        assert theirs.git("status", "--short") == "?? wheels/\n"
        with psycopg.connect(url) as database:
            named = database.execute("SELECT tablename FROM pg_tables WHERE tablename LIKE 'nightshift%'").fetchall()
            assert named == []
        assert "OK" in theirs.manage("test", "--noinput").stderr


def test_the_wheel_in_a_bare_environment(wheel, tmp_path, database_url):
    venv.create(tmp_path / "venv", with_pip=True)
    there = tmp_path / "venv" / "bin"
    run(there / "pip", "install", "--quiet", "--disable-pip-version-check", wheel, cwd=tmp_path)
    installed = json.loads(run(there / "pip", "list", "--format", "json", cwd=tmp_path).stdout)
    assert not [one["name"] for one in installed if one["name"].startswith(("azure", "opentelemetry"))]
    assert "init | upgrade | COMMAND" in run(there / "nightshift", "--help", cwd=tmp_path).stdout
    shutil.copytree(HERE / "email_users", tmp_path / "project")
    with empty_database(database_url, "projects_bare") as url:
        environment = by_their_variables(url)
        for words in (["init", "--crontab", "crontab"], ["migrate", "--verbosity", "0"], ["check"]):
            run(there / "nightshift", *words, cwd=tmp_path / "project", **environment)
        ran = run(there / "nightshift", "run", "remind", cwd=tmp_path / "project", **environment)
        assert "Reminded ada@example.com" in ran.stdout
    print(f"The wheel has {wheel.stat().st_size / 1000:.0f} kB.")


def test_the_wheel_holds_the_package_and_nothing_of_the_tests(wheel, tmp_path):
    names = run(sys.executable, "-m", "zipfile", "--list", wheel, cwd=tmp_path).stdout.split("\n")[1:-1]
    files = [line.split("  ")[0] for line in names]
    assert {name.split("/")[0] for name in files} <= {"jobs", f"{wheel.name.rsplit('-', 3)[0]}.dist-info"}
    assert not [name for name in files if "/tests/" in name or "examples" in name or "mydjango" in name]
