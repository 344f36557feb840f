"""The image of a project that `nightshift init` was run in: built from the Dockerfile that it wrote, and run.

On the base and with the stand-in for the host that `make image-test` has.
"""

import json
import shutil
import time

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from jobs.cli import main
from tests.azure.test_functions import FUTURE
from tests.helpers.beside import empty_database
from tests.image.conftest import RELEASE, ROOT, base, engine  # noqa: F401 — fixtures
from tests.image.test_image import APP, SECRET_KEY, WITH_HOST
from tests.projects.test_projects import HERE, by_their_variables, wheel  # noqa: F401 — a fixture

pytestmark = [pytest.mark.projects, pytest.mark.timeout(1800)]
PROJECTS = {"email_users": "remind", "wagtail_site": "publish_scheduled"}


@pytest.fixture(params=PROJECTS)
def project(request, tmp_path, monkeypatch, wheel):  # noqa: F811
    """One of them with its crontab declared, and the wheel where the tutorial puts it."""
    folder = tmp_path / request.param
    shutil.copytree(HERE / request.param, folder)
    (folder / "wheels").mkdir()
    shutil.copy(wheel, folder / "wheels")
    monkeypatch.chdir(folder)
    assert main(["init", "--crontab", "crontab"]) == 0
    return folder


@pytest.fixture
def image_of_the_project(engine, base, project):  # noqa: F811
    tag = f"localhost/{project.name}-jobs:test"
    [wheel_file] = (project / "wheels").iterdir()
    given = {
        "BASE_IMAGE": base,
        "NIGHTSHIFT": f"./wheels/{wheel_file.name}[azure,telemetry]",
        "RELEASE": RELEASE,
    }
    began = time.monotonic()
    arguments = [word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")]
    engine("build", *arguments, "-t", tag, str(project), timeout=1500)
    size = int(engine("image", "inspect", "--format", "{{.Size}}", tag))
    print(f"{project.name}: the image was built in {time.monotonic() - began:.0f} s: {size / 1e6:.0f} MB.")
    return tag


def test_it_migrates_and_runs_a_job_of_the_crontab(engine, image_of_the_project, project, database_url):  # noqa: F811
    job = PROJECTS[project.name]
    with empty_database(database_url, f"image_{project.name}") as url:
        socket = conninfo_to_dict(url)["host"]
        variables = by_their_variables(url) | {"SECRET_KEY": SECRET_KEY, "WEBSITE_HOSTNAME": "localhost"}
        options = [
            *(word for name, value in variables.items() for word in ("-e", f"{name}={value}")),
            *("-v", f"{ROOT}/tests:{APP}/tests:ro", "-v", f"{socket}:{socket}"),
        ]
        began = time.monotonic()
        started = engine("run", "--rm", *options, "-e", "JOBS_MIGRATE_AT_START=1", *WITH_HOST, image_of_the_project)
        print(f"{project.name}: migrated and started its host in {time.monotonic() - began:.0f} s.")
        assert started.splitlines()[-1] == "host: started by 1 with []"

        # A firing in the worker's future means a person: it runs whether or not an occurrence is due.
        calls = [
            {"function": job, "timer": FUTURE},
            {"function": "http", "http": {"method": "GET", "path": "/api/health"}},
        ]
        words = ["--entrypoint", "python3.13", image_of_the_project, "-m", "tests.azure.driver"]
        said = engine("run", "--rm", "-i", *options, *words, input=json.dumps(calls))
        found = json.loads(said.splitlines()[-1])
        assert {job, "prune_runs", "tick", "execute_run", "poisoned_run", "http"} <= found["functions"].keys()
        assert (found["replies"][0], found["replies"][1]["status"]) == ({"error": ""}, 200)
        with psycopg.connect(url) as database:
            ended = database.execute(
                "SELECT r.job, r.status, a.release FROM nightshift_run r JOIN nightshift_attempt a ON a.run_id = r.id"
            ).fetchall()
        assert ended == [(job, "succeeded", RELEASE)]
