"""Runs share nothing: what an app's or another command's import does in the fork server is no run's business."""

import ast
import json
import os
import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest

from jobs.choices import Status
from jobs.execution.isolation import age, client, memory
from jobs.ledger import triggers
from jobs.models import Attempt
from tests.helpers.at_once import at_once
from tests.helpers.beside import Project
from tests.helpers.processes import until
from tests.helpers.rows import output_text


@pytest.fixture
def run(worker, declared):
    """Run a command, and give its run."""

    def run_command(name, *words, **rules):
        declared(name, *words, **rules)
        run = triggers.request(name, requested_by="a test", ring=False)
        worker.execute(run.pk)
        run.refresh_from_db()
        return run

    return run_command


def output_of(run):
    return output_text(Attempt.objects.get(run=run))


def test_a_query_of_an_app_that_loads_leaves_no_connection_to_share(guest, declared, worker):
    query = "from django.db import connection\nwith connection.cursor() as cursor: cursor.execute('SELECT 1')"
    asks = """
        from django.db import connection
        with connection.cursor() as cursor:
            for _ in range(100):
                cursor.execute("SELECT %s, pg_sleep(0.01)", [words[0]])
                assert cursor.fetchone()[0] == words[0]
    """
    guest(ready=query, queries=("", asks))
    runs = []
    for name in ("one", "two"):
        declared(name, name, command="queries")
        runs.append(triggers.request(name, requested_by="a test", ring=False))
    at_once(worker.execute, [run.pk for run in runs])
    for run in runs:
        run.refresh_from_db()
        assert run.status == Status.SUCCEEDED, run.error


def test_a_connection_that_an_app_opens_as_it_loads_is_cut_and_named(guest, run, caplog):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        guest(
            ready=f"import socket, guest\nguest.open = socket.create_connection(('127.0.0.1', {port}))",
            sends=("", "import guest\nguest.open.sendall(b'hello')"),
        )
        assert run("sends").error == "BrokenPipeError: [Errno 32] Broken pipe"
    until(lambda: f"a connection to 127.0.0.1:{port} open. It was cut" in caplog.text)


def test_a_file_that_an_app_opens_as_it_loads_is_named(guest, run, caplog, tmp_path):
    opens = f"import select, guest\nguest.open = [open({str(tmp_path / 'app.log')!r}, 'a'), select.epoll()]"
    guest(ready=opens, goes=("", "pass"))
    assert run("goes").status == Status.SUCCEEDED
    for target in (tmp_path / "app.log", "anon_inode:[eventpoll]"):
        until(lambda target=target: f"The apps' loading left {target} open: all runs share it." in caplog.text)


# A cache as Redis has it: its connection is kept until it is closed.
HELD_CACHE = """
    import socket
    from django.core.cache.backends.locmem import LocMemCache

    class Cache(LocMemCache):
        connection = None

        def get(self, *arguments, **options):
            self.connection = self.connection or socket.socketpair()
            return super().get(*arguments, **options)

        def close(self, **options):
            for end in self.connection or ():
                end.close()
            self.connection = None
"""
HOLDS = """
    from django.apps import AppConfig

    class Shop(AppConfig):
        name = "shop"

        def ready(self):
            from django.contrib.contenttypes.models import ContentType
            from django.contrib.sites.models import SITE_CACHE, Site
            from django.core.cache import cache
            from django.db import connections
            cache.get("goods")
            ContentType.objects.get_for_model(ContentType)
            SITE_CACHE[1] = Site(pk=1)
            for alias in ("default", "second"):
                connections[alias].ensure_connection()
"""
LOOKS = """
    import os
    from django.contrib.contenttypes.models import ContentType
    from django.contrib.sites import models as sites
    from django.core.management.base import BaseCommand
    from django.db import connections

    class Command(BaseCommand):
        def handle(self, **options):
            paths = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
            sockets = [path for path in paths if os.path.exists(path) and "socket:" in os.readlink(path)]
            rows = [*ContentType.objects._cache.values(), *sites.SITE_CACHE]
            return f"{len(sockets)} {sorted(each.alias for each in connections.all() if each.connection)} {rows}"
"""


def test_a_run_holds_nothing_of_what_the_apps_read_as_they_loaded(database_url, transactional_db, tmp_path):
    settings = """
        INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.sites", "shop"]
        SITE_ID = 1
        DATABASES = DATABASES | {"second": DATABASES["default"]}
        CACHES = {"default": {"BACKEND": "shop.cache.Cache"}}
    """
    files = {"shop/apps.py": HOLDS, "shop/cache.py": HELD_CACHE, "shop/management/commands/looks.py": LOOKS}
    files["shop/schedule.py"] = "from jobs import declare\ndeclare('looks')"
    done = Project(tmp_path, database_url, settings, files).manage("run", "looks")
    assert done.returncode == 0, done.stderr
    assert "was cut" not in done.stderr
    assert Attempt.objects.get().run.result == "0 [] []"


@pytest.mark.parametrize(
    ("change", "what", "seen"),
    [
        ("os.chdir('/')", "the working directory", "os.getcwd()"),
        ("os.umask(0o077)", "the umask", "oct(os.umask(0))"),
        ("os.environ['HTTP_PROXY'] = 'http://proxy'", "os.environ (HTTP_PROXY)", "os.environ.get('HTTP_PROXY')"),
        ("decimal.getcontext().prec = 3", "the decimal context", "str(decimal.Decimal(1) / 3)"),
        ("socket.setdefaulttimeout(5)", "the sockets' timeout", "socket.getdefaulttimeout()"),
        ("logging.disable(50)", "the root logger", "logging.root.manager.disable"),
        ("time.sleep = print", "Python's own functions", "time.sleep"),
    ],
)
def test_what_a_commands_import_changes_is_changed_for_its_own_runs_alone(guest, run, caplog, change, what, seen):
    imports = "import decimal, logging, os, socket, time\n"
    guest(changes=(imports + change, f"return repr({seen})"), looks=(imports, f"return repr({seen})"))
    changed, other = run("changes"), run("looks")
    assert (changed.status, other.status) == (Status.SUCCEEDED, Status.SUCCEEDED)
    assert changed.result != other.result
    until(lambda: f"The command 'changes' is imported by each of its runs: its import changes {what}." in caplog.text)


THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=[60], daemon=True, name='poller').start()"
# A thread that Python knows nothing of, as those of libraries written in Rust or C.
NATIVE_THREAD = """
import ctypes
libc = ctypes.CDLL(None)
libc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, ctypes.cast(libc.pause, ctypes.c_void_p), None)
"""


@pytest.mark.parametrize(("start", "name"), [(THREAD, "poller"), (NATIVE_THREAD, "1 of a library's own")])
def test_threads_of_a_commands_import_stay_in_its_own_runs(guest, run, caplog, start, name):
    count = "import os\nreturn str(len(os.listdir('/proc/self/task')))"
    guest(threaded=(start, count), counts_threads=("", count))
    assert run("counts_threads").result == "1"
    assert run("threaded").result == "2"
    until(lambda: f"'threaded' is imported by each of its runs: its import starts threads ({name})." in caplog.text)


def test_a_project_that_starts_threads_as_it_loads_is_loaded_by_each_run(guest, run, caplog):
    guest(ready=THREAD, names_threads=("", "import threading\nreturn str([t.name for t in threading.enumerate()])"))
    assert run("names_threads").result == "['MainThread', 'poller']"
    until(lambda: "Loading the project starts threads (poller)" in caplog.text)


def test_an_import_that_never_ends_holds_up_its_own_runs_alone(guest, run):
    guest(hangs=("import time\ntime.sleep(3600)", "pass"), goes=("", "pass"))
    assert run("goes").status == Status.SUCCEEDED
    assert run("hangs", timeout=timedelta(seconds=2)).status == Status.TIMED_OUT


def test_an_import_that_takes_long_succeeds_in_its_own_runs(guest, run, caplog):
    impatient = "from jobs.execution.isolation import loading\nloading.LONGEST_IMPORT = 1"
    guest(ready=impatient, slow=("import time\ntime.sleep(3)", "return 'done'"), goes=("", "pass"))
    assert run("slow").result == "done"
    until(lambda: "'slow' is imported by each of its runs: its import takes longer than 1 s." in caplog.text)


@pytest.mark.parametrize("code", ["'settings are missing'", "0"])
def test_an_import_that_exits_stops_its_own_runs_alone(guest, run, code):
    guest(leaves=(f"import sys\nsys.exit({code})", "print('never')"), goes=("", "pass"))
    assert run("goes").status == Status.SUCCEEDED
    left = run("leaves")
    assert left.error == ("" if code == "0" else "settings are missing")
    assert "never" not in output_of(left)


def test_a_stream_that_a_module_keeps_is_the_runs_own(guest, run):
    keeps = "import sys\nprint('imported')\ndef say(text, out=sys.stdout, err=sys.stderr): print(text, file=out)"
    guest(keeps=(keeps, "say('kept')"))
    assert output_of(run("keeps")) == "kept\n"


def test_numpys_generator_is_seeded_again_in_each_run(guest, run, tmp_path):
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy" / "__init__.py").touch()
    (tmp_path / "numpy" / "random.py").write_text(
        "import random\n_generator = random.Random()\nseed, rand = _generator.seed, _generator.random\n"
    )
    handle = "import numpy.random, random\nreturn f'{numpy.random.rand()} {random.random()}'"
    guest(ready="import numpy.random", draws=("", handle), draws_too=("", handle))
    first, second = run("draws").result.split(), run("draws_too").result.split()
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_a_run_finds_no_standard_library_in_pythonpath(guest, run, tmp_path):
    guest(shows=("", "import os\nreturn os.environ.get('PYTHONPATH', '')"))
    path = run("shows").result.split(os.pathsep)
    assert str(tmp_path) in path
    # lib-dynload stands below it.
    assert not [entry for entry in path if Path(entry).is_relative_to(Path(os.__file__).resolve().parent)]


@pytest.mark.parametrize("chosen", [None, "pymalloc"])
def test_a_run_finds_nothing_of_the_fork_servers_allocator_in_its_environment(guest, run, monkeypatch, chosen):
    if chosen:
        monkeypatch.setenv("PYTHONMALLOC", chosen)
    shows = """
        import os, subprocess
        from pathlib import Path
        began = [line for line in Path("/proc/self/environ").read_text().split("\\0") if "MALLOC" in line]
        started = subprocess.run(["env"], capture_output=True, text=True).stdout
        return repr([began, [os.environ.get("PYTHONMALLOC")], [line for line in started.split() if "MALLOC" in line]])
    """
    guest(shows=("", shows))
    ours = sorted(f"{name}={value}" for name, value in memory.ALLOCATOR.items())
    seen = [f"PYTHONMALLOC={chosen}"] if chosen else []
    began, read, started = ast.literal_eval(run("shows").result)
    assert (sorted(began), read, started) == (seen or ours, [chosen], seen)


TOKEN = "import os\nTOKEN = os.urandom(8).hex()"


def test_a_fresh_run_loads_all_itself(guest, run):
    guest(made_up=(TOKEN, "return TOKEN"))
    tokens = {
        run("made_up", isolation="fresh").result,
        run("made_up_again", command="made_up", isolation="fresh").result,
    }
    assert len(tokens) == 2


def test_runs_of_a_day_come_from_a_process_that_was_loaded_on_it(guest, run, monkeypatch):
    guest(made_up=(TOKEN, "return TOKEN"))
    tokens = [run(f"made_up_{number}", command="made_up").result for number in range(2)]
    today = age.utc_now()
    monkeypatch.setattr(age, "utc_now", lambda: today + timedelta(days=1))
    tokens.append(run("tomorrow", command="made_up").result)
    assert tokens[0] == tokens[1] != tokens[2]


def test_no_run_comes_from_a_process_that_is_too_old(guest, run, settings):
    guest(made_up=(TOKEN, "return TOKEN"))
    first = run("made_up").result
    settings.JOBS_FORK_SERVER_MAX_AGE = 0.1
    time.sleep(0.2)
    assert run("later", command="made_up").result != first


def test_a_successor_is_loaded_before_it_is_needed(guest, run, settings, monkeypatch):
    monkeypatch.setattr(client, "LOOK", 0.2)
    settings.JOBS_FORK_SERVER_MAX_AGE = 6
    guest(made_up=(TOKEN, "return TOKEN"))
    run("made_up")
    first = client.server.pid
    until(lambda: client.server.pid not in {first, None})
    assert client.server._current[False].ready_at is not None


def test_what_a_run_changes_around_itself_the_next_one_doesnt_see(run):
    found, changed = json.loads(run("alters").result)
    server = client.server.pid
    assert {name for name, value in found.items() if changed[name] == value} == set()
    found_later, _ = json.loads(run("altered_before", command="alters").result)
    assert client.server.pid == server
    assert found_later == found
