"""The image: built from the Dockerfile on a stand-in for Microsoft's base, with a stand-in for the host in it."""

import json
import re
import signal
import time
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from jobs.choices import Status, Trigger
from jobs.models import Attempt, Run
from tests.helpers import beside
from tests.helpers.processes import until
from tests.helpers.rows import output_text
from tests.image.conftest import RELEASE, ROOT, SOURCE, figures

pytestmark = [pytest.mark.image, pytest.mark.timeout(900)]

APP = "/home/site/wwwroot"
PACKAGES = f"{APP}/.python_packages/lib/site-packages"
HOST = "/azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost"
SECRET_KEY = "a-key-of-the-tests-alone-as-long-and-as-varied-as-a-real-one-0123456789"


@pytest.fixture
def run_in(engine, image):
    """Run a command in a container of the image to its end."""

    def run(*command, options=(), **more):
        return engine("run", "--rm", *options, "--entrypoint", command[0], image, *command[1:], **more)

    return run


def variables(url, **others):
    """The options that give a container a database, and the tests' own code beside the app."""
    given = {"DJANGO_SETTINGS_MODULE": "mydjango.settings", "SECRET_KEY": SECRET_KEY, "DATABASE_URL": url}
    given |= {"ALLOWED_HOSTS": "localhost"} | others
    socket = conninfo_to_dict(url)["host"]
    mounts = (f"{ROOT}/tests:{APP}/tests:ro", f"{socket}:{socket}")
    return [
        *(word for name, value in given.items() for word in ("-e", f"{name}={value}")),
        *(word for mount in mounts for word in ("-v", mount)),
    ]


WITH_HOST = ("-v", f"{ROOT}/tests/image/host.py:{HOST}:ro")


def test_the_image_says_its_release_and_where_it_comes_from(engine, image):
    config = json.loads(engine("image", "inspect", "--format", "{{json .Config}}", image))
    labels = {name: value for name, value in config["Labels"].items() if name.startswith("org.opencontainers")}
    assert labels == {
        "org.opencontainers.image.title": "nightshift",
        "org.opencontainers.image.source": SOURCE,
        "org.opencontainers.image.revision": RELEASE,
    }
    environment = dict(line.split("=", 1) for line in config["Env"])
    assert environment["JOBS_RELEASE"] == RELEASE
    assert environment["FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING"] == "true"
    assert not {"SECRET_KEY", "DATABASE_URL", "ALLOWED_HOSTS"} & environment.keys()
    assert not config.get("Cmd")


def test_the_image_holds_the_app_and_nothing_for_development(run_in):
    listed = run_in("find", APP, "-mindepth", "1", "-maxdepth", "1", "-printf", "%f\n").split()
    assert set(listed) == {
        *(".python_packages", "__pycache__", "container", "examples", "function_app.py", "host.json", "jobs"),
        *("manage.py", "mydjango", "requirements.txt", "staticfiles"),
    }
    installed = json.loads(run_in("python3.13", "-m", "pip", "list", "--path", PACKAGES, "--format", "json"))
    pins = dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))
    found = {re.sub(r"[-_.]+", "-", package["name"]).lower(): package["version"] for package in installed}
    assert found.items() <= pins.items()
    assert {"django", "azure-functions-runtime", "psycopg-binary"} <= found.keys()


def test_our_packages_come_before_those_of_the_base(run_in):
    """Also before one of the same name in Python's own folder, and wherever the process starts."""
    code = f"""
import pathlib, subprocess, sys, sysconfig
decoy = pathlib.Path(sysconfig.get_path("purelib"), "django")
decoy.mkdir(parents=True)
(decoy / "__init__.py").touch()
modules = "django azure.functions azure_functions_runtime psycopg opentelemetry.sdk.trace".split()
code = "import sys, importlib; print(*(importlib.import_module(name).__file__ for name in sys.argv[1:]))"
files = subprocess.check_output([sys.executable, "-c", code, *modules], cwd="/", text=True).split()
print([file for file in files if not file.startswith({PACKAGES!r})])
"""
    assert run_in("python3.13", "-c", code) == "[]\n"


def test_every_module_has_byte_code_that_counts_whatever_its_date(run_in):
    code = """
import pathlib
from importlib.util import cache_from_source
files = list(pathlib.Path().rglob("*.py"))
flags = {pathlib.Path(cache_from_source(file)).read_bytes()[4:8] for file in files}
print(len(files) > 1000, flags)
"""
    assert run_in("python3.13", "-c", code) == "True {b'\\x01\\x00\\x00\\x00'}\n"


def test_a_file_without_byte_code_fails_the_build(engine, image, base, tmp_path):
    recipe = (ROOT / "Dockerfile").read_text()
    step = "RUN python3.13 -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '^\\./\\.python_packages/' ."
    assert step in recipe
    (tmp_path / "Dockerfile").write_text(recipe.replace(step, "RUN true"))
    built = engine.try_to("build", "--build-arg", f"BASE_IMAGE={base}", "-f", str(tmp_path / "Dockerfile"), str(ROOT))
    assert built.returncode != 0
    assert "function_app.py has no byte code." in built.stdout + built.stderr


def test_a_schedule_that_cannot_be_read_fails_the_build(engine, image, base, tmp_path):
    bad = 'RUN echo \'declare("prune_runs2", schedule="0 0 3 * * 7")\' >> mydjango/schedule.py\n'
    recipe = (ROOT / "Dockerfile").read_text().replace("# Values for this one step", f"{bad}# Values for this one step")
    # What was compiled before holds whatever the file says now.
    recipe = recipe.replace("mydjango/schedule.py\n", "mydjango/schedule.py && rm -r mydjango/__pycache__\n")
    (tmp_path / "Dockerfile").write_text(recipe)
    built = engine.try_to("build", "--build-arg", f"BASE_IMAGE={base}", "-f", str(tmp_path / "Dockerfile"), str(ROOT))
    assert built.returncode != 0
    assert "(jobs.E005) The schedule of job 'prune_runs2' can't be read" in built.stdout + built.stderr


def test_without_byte_code_a_start_takes_longer(run_in):
    """What the worker loads before its first firing: function_app.py, with all that it imports."""
    code = f"""
import os, pathlib, shutil, subprocess, sys, time
environment = os.environ | {{"SECRET_KEY": {SECRET_KEY!r}, "DATABASE_URL": "postgresql://nobody@localhost/nothing",
                            "PYTHONDONTWRITEBYTECODE": "1"}}
def start():
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import function_app"], env=environment, check=True)
    return time.monotonic() - began
start()
compiled = min(start() for _ in range(3))
for folder in list(pathlib.Path().rglob("__pycache__")):
    shutil.rmtree(folder)
print(compiled, min(start() for _ in range(3)))
"""
    compiled, bare = map(float, run_in("python3.13", "-c", code).split())
    figures.append(f"function_app.py loads in {compiled:.2f} s, without byte code in {bare:.2f} s.")
    assert bare > 1.5 * compiled


@pytest.fixture
def drive(run_in, database_url, transactional_db):
    """Make calls through the real worker library in a container; gives the functions it found and its replies."""

    def drive_calls(*calls):
        options = ("-i", *variables(database_url))
        said = run_in("python3.13", "-m", "tests.azure.driver", options=options, input=json.dumps(calls))
        found = json.loads(said.splitlines()[-1])
        return found["functions"], found["replies"]

    return drive_calls


def test_the_real_worker_library_finds_the_functions_and_executes_a_run(drive, project_jobs):
    run = Run.objects.create(job="clearsessions", trigger=Trigger.API, requested_by="a test")
    functions, replies = drive(
        {"function": "execute_run", "message": str(run.pk)},
        {"function": "http", "http": {"method": "GET", "path": "/api/health"}},
    )
    assert set(functions) == {
        *(job.name for job in project_jobs.scheduled()),
        "tick",
        "execute_run",
        "poisoned_run",
        "http",
    }
    assert replies[0] == {"error": ""}
    assert replies[1]["status"] == 200
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.SUCCEEDED, 1)
    assert Attempt.objects.get().release == RELEASE


def test_the_doctor_finds_the_builds_packages_and_byte_code_in_a_workers_run(drive, project_jobs):
    run = Run.objects.create(job="doctor", trigger=Trigger.MANUAL, requested_by="a test")
    drive({"function": "execute_run", "message": str(run.pk)})
    said = {line[7:19].strip(): (line[:5], line[21:]) for line in output_text(run.attempts.get()).splitlines()}
    assert said["packages"] == ("ok   ", f"from {PACKAGES}")
    assert said["byte code"][0] == "ok   ", said["byte code"]
    assert said["time zone"][0] == "ok   ", said["time zone"]
    assert said["fork server"] == ("ok   ", "it loads the project: this run comes from it")


@pytest.fixture
def container(engine, image):
    """Start a container as the platform does, with the stand-in host; gives its name and the process that shows it."""
    started = []

    def start(*options):
        name = f"nightshift-{uuid4().hex[:12]}"
        process = engine.start("run", "--rm", "--name", name, *WITH_HOST, *options, image)
        started.append((name, process))
        return name, process

    yield start
    for name, process in started:
        engine.try_to("rm", "-f", name)
        process.wait(30)
        process.stdout.close()


def test_the_init_is_the_first_process_and_leaves_no_zombie(container):
    _, process = container("-e", "HOST_ORPHANS=5", "-e", "HOST_ENDS=7")
    said, _ = process.communicate(timeout=60)
    assert said.splitlines() == ["host: started by 1 with []", "host: 0 zombies"]
    assert process.returncode == 7


@pytest.fixture
def at_work(container, queued, has_begun, database_url, transactional_db):
    """A container at a run of so many seconds, executed by the real worker library."""

    def start(seconds, stop_time, group):
        run = queued(seconds)
        name, process = container(
            *variables(
                database_url,
                DJANGO_SETTINGS_MODULE="tests.settings",
                WEBSITES_CONTAINER_STOP_TIME_LIMIT=str(stop_time),
                HOST_GROUP=group,
                HOST_WORKER=json.dumps(["python3.13", "-m", "tests.image.worker", str(run.pk)]),
            )
        )
        said = []
        while not said or "worker: ready" not in said[-1]:
            said.append(process.stdout.readline())
            assert said[-1], "".join(said)
        until(lambda: has_begun(run))
        return run, name, process

    return start


def stop(engine, name, process, limit):
    """As the platform does it: SIGTERM, and SIGKILL after the limit. Gives the exit code and the seconds it took."""
    began = time.monotonic()
    engine("stop", "--time", str(limit), name)
    code = process.wait(30)
    return code, time.monotonic() - began


@pytest.mark.parametrize("group", ["hosts", "own"])
def test_a_run_that_needs_longer_than_the_platform_waits_returns_to_the_queue(engine, at_work, group):
    run, name, process = at_work(60, stop_time=6, group=group)
    code, took = stop(engine, name, process, 6)
    assert code == 128 + signal.SIGTERM
    assert took < 6
    run.refresh_from_db()
    assert (run.status, run.attempts.get().status) == (Status.QUEUED, "interrupted")
    figures.append(f"SIGTERM, a stop time of 6 s, a run of 60 s, worker in {group} group: ended after {took:.1f} s.")


@pytest.mark.parametrize("group", ["hosts", "own"])
def test_a_run_that_ends_in_time_has_succeeded(engine, at_work, group):
    run, name, process = at_work(3, stop_time=30, group=group)
    code, took = stop(engine, name, process, 30)
    assert code == 128 + signal.SIGTERM
    assert took < 10
    run.refresh_from_db()
    assert run.status == Status.SUCCEEDED
    figures.append(f"SIGTERM, a stop time of 30 s, a run of 3 s, worker in {group} group: ended after {took:.1f} s.")


@pytest.fixture
def empty_database(database_url, transactional_db):
    """The URL of a database without a table."""
    with beside.empty_database(database_url, f"empty_{uuid4().hex[:8]}") as url:
        yield url


def tables(url):
    with psycopg.connect(make_conninfo(url)) as asked:
        return {name for (name,) in asked.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_the_start_migrates_where_it_is_asked_to(container, empty_database):
    _, process = container(*variables(empty_database, JOBS_MIGRATE_AT_START="1"))
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert said.splitlines()[-1] == "host: started by 1 with []"
    assert {"django_migrations", "nightshift_run"} <= tables(empty_database)


def test_the_start_migrates_nothing_unasked(container, empty_database):
    _, process = container(*variables(empty_database))
    assert process.wait(60) == 0
    assert tables(empty_database) == set()


def test_a_migration_that_fails_ends_the_container_before_the_host_starts(container, empty_database):
    nowhere = empty_database.replace("dbname=", "dbname=no_such_")
    _, process = container(*variables(nowhere, JOBS_MIGRATE_AT_START="1"))
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "does not exist" in said
    assert "host:" not in said


def test_a_word_that_is_neither_yes_nor_no_ends_the_container(container):
    _, process = container("-e", "JOBS_MIGRATE_AT_START=perhaps")
    said, _ = process.communicate(timeout=60)
    assert said == "JOBS_MIGRATE_AT_START is 'perhaps'. Write 1 or 0.\n"
    assert process.returncode == 1


def test_the_stand_in_for_the_host_lies_where_the_base_image_has_it():
    assert HOST in (Path(ROOT) / "container/start.sh").read_text()
