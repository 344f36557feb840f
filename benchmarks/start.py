"""What a start of the worker costs, and what a thousand jobs add to it and to `manage.py check`."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from django.conf import settings

from benchmarks.database import libpq
from benchmarks.harness import Cost, Figure, Result, Row, Side, number, rounds
from tests.helpers.beside import url_of

JOBS = 1000
# The environment of a deployment. Where LOCAL is set, the functions leave out what Azure alone needs.
DEPLOYED = {
    "LOCAL": "",
    "SECRET_KEY": "not-a-secret-but-as-long-and-as-varied-as-a-real-one-0123456789",
    "ALLOWED_HOSTS": "jobs.example.com",
    "JOBS_DOORBELL": "jobs.azure.queue.QueueDoorbell",
}
# It prints the seconds of CPU since it began, those and the seconds since Django was loaded, MiB, and its functions.
# The worker's library is in both: the host loads it whatever the app is.
CHILD = """
import asyncio, json, os, resource, sys, time
from pathlib import Path

import azure.functions, django
from jobs.localhost.worker import Worker

def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime

what, folder = sys.argv[1:]
django.setup()
cpu_before, before = cpu(), time.perf_counter()
functions = [] if what == "floor" else asyncio.run(Worker().index(Path(folder)))
took, used = time.perf_counter() - before, cpu()
memory = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
print(json.dumps([used, used - cpu_before, took, memory, len(functions)]), flush=True)
os._exit(0)
"""
OF_THE_SDK = f"""
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)

def add(number):
    @app.function_name(f"job-{{number}}")
    @app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *", run_on_startup=False, use_monitor=True)
    def timer_function(timer: func.TimerRequest, context: func.Context) -> None: ...

for number in range({JOBS}):
    add(number)
"""


@dataclass(kw_only=True)
class Start:
    """A process that loads Django and indexes the function app of a folder. `whole` counts from its beginning."""

    folder: Path
    what: str = "index"
    whole: bool = False
    jobs: int = 0
    memory: list[float] = field(default_factory=list)

    def cost(self) -> Cost:
        environment = os.environ | DEPLOYED | {"DATABASE_URL": url_of(libpq()), "BENCHMARK_JOBS": str(self.jobs)}
        done = subprocess.run(
            [sys.executable, "-c", CHILD, self.what, str(self.folder)],
            cwd=settings.BASE_DIR,
            env=environment | {"PYTHONPATH": str(settings.BASE_DIR)},
            stdout=subprocess.PIPE,
            check=True,
        )
        cpu_in_all, cpu, wall, memory, functions = json.loads(done.stdout)
        assert functions >= (self.jobs if self.what == "index" else 0)
        self.memory.append(memory)
        return Cost(cpu_in_all, cpu_in_all) if self.whole else Cost(wall, cpu)


def cold_start() -> list[Result]:
    ours = Start(folder=settings.BASE_DIR, whole=True)
    floor = Start(folder=settings.BASE_DIR, whole=True, what="floor")
    started, loaded = rounds(ours, floor)
    row = Row(what="function_app.py, indexed", yardstick="Django and the SDK loaded", ours=started, theirs=loaded)
    more = median(ours.memory) - median(floor.memory)
    result = Result(
        row=12,
        figures=[
            row.figure(row.by_cpu(), 1.1, "CPU"),
            Figure(f"{more:+.1f} MiB on {median(floor.memory):.0f}", "at most +6 MiB", more <= 6),
        ],
        compared=[row],
        notes=[
            "A new process each time, with a deployment's settings; both columns show CPU. Both have the worker's "
            "library loaded, and this project's `INSTALLED_APPS` with `SimpleAdminConfig`.",
            "`tests/azure/test_start.py` holds it to what it imports: no SDK but azure.functions, no admin, no view.",
            "What the functions do is imported on a thread as soon as they are built; with DATABASE_ENTRA=1 so is "
            "azure.identity, for the first connection.",
        ],
    )
    return [result]


def a_thousand_jobs() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "function_app.py").write_text(OF_THE_SDK)
        indexed, alone = rounds(Start(folder=settings.BASE_DIR, jobs=JOBS), Start(folder=Path(folder)))
    checked, by_django = rounds(Side(work=lambda: check("check", jobs=JOBS)), Side(work=lambda: check(*OF_DJANGO)))
    index = Row(what=f"indexing {JOBS:,} timers", yardstick="the SDK alone", ours=indexed, theirs=alone)
    checks = Row(
        what=f"`manage.py check`, {JOBS:,} jobs", yardstick="Django's own, no jobs", ours=checked, theirs=by_django
    )
    seconds = median(cost.cpu for cost in checked)
    result = Result(
        row=13,
        figures=[
            index.figure(index.by_cpu(), 1.25, "indexing, CPU"),
            Figure(f"check: {number(seconds)} s of CPU", "under 2 s", seconds < 2),
        ],
        compared=[index, checks],
        notes=[
            "Indexing is measured from the moment when Django and the declarations are loaded to the functions in the "
            "worker library's hands.",
            "CPU is that of the whole process, with that of the thread that imports what calls need as soon as the "
            "functions are built: the same for any number of timers.",
            "`manage.py check` loads the project twice: it also tries whether runs can be forked from it, in a process "
            "that is loaded as the fork server is. That, Django's own checks with this project's URLs, and the loading "
            "are what is left: our checks of 1,000 jobs take a tenth of a second, since jobs of one command have it "
            "described once.",
            "What holds indexing back: beside the SDK's own work, which is the most of both, each job's declaration is "
            "checked and its schedule read, for what a timer's expression can't say (zones, changes of the clock).",
        ],
    )
    return [result]


OF_DJANGO = (
    "-c",
    "import django; django.setup(); from django.core.management.commands.check import Command; "
    "from django.core.management import call_command; call_command(Command())",
)


def check(*words: str, jobs: int = 0) -> None:
    words = ("manage.py", *words) if words[0] == "check" else words
    environment = os.environ | {"BENCHMARK_JOBS": str(jobs)}
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, *words], cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
