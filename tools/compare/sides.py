"""The two sides: `manage.py COMMAND ARGS </dev/null`, and a run. Each has a database and a folder of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from tools.compare.cases import Case
from tools.compare.reporter import Reporter

ROOT = Path(__file__).parents[2]
# A command that hangs, on either side, is ended after this, in seconds.
PATIENCE = 60


@dataclass(slots=True)
class Ended:
    """How a command ended. `events` are those that the error reporter was sent; a run has an error too."""

    code: int
    stdout: str
    stderr: str
    events: list[str]
    error: str = ""
    is_run: bool = False
    environment: dict[str, str] = field(default_factory=dict)


class Cron:
    def __init__(self, environment: dict[str, str], reporter: Reporter) -> None:
        self.environment = environment
        self.reporter = reporter

    def execute(self, case: Case) -> Ended:
        done = subprocess.run(
            [sys.executable, "manage.py", *case.words],
            cwd=ROOT,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
        )
        stdout, stderr = (text.decode(errors="replace") for text in (done.stdout, done.stderr))
        # As a shell has it.
        code = done.returncode if done.returncode >= 0 else 128 - done.returncode
        return Ended(code, stdout, stderr, self.reporter.take(), environment=self.environment)


class Run:
    def __init__(self, environment: dict[str, str], reporter: Reporter) -> None:
        self.environment = environment
        self.reporter = reporter
        os.environ.update(environment)
        import django

        django.setup()

    def execute(self, case: Case) -> Ended:
        from jobs.choices import Trigger
        from jobs.declarations.job import Job
        from jobs.declarations.registry import registry
        from jobs.execution.worker import this_worker
        from jobs.models import Attempt, Output
        from jobs.models import Run as Row

        command, *arguments = case.words
        # Past the checks of the arguments: what a bad one brings about is compared too.
        registry.add(Job(name="compared", command=command, arguments=tuple(arguments)))
        run = Row.objects.create(job="compared", arguments=arguments, trigger=Trigger.MANUAL, status="queued")
        this_worker.execute(run.pk)
        attempt = Attempt.objects.get(run=run)
        streams = {False: b"", True: b""}
        for piece in Output.objects.filter(attempt=attempt).order_by("number"):
            body, place = bytes(piece.body), 0
            for start, end in zip(piece.stderr[::2], piece.stderr[1::2], strict=True):
                streams[False] += body[place:start]
                streams[True] += body[start:end]
                place = end
            streams[False] += body[place:]
        stdout, stderr = (streams[is_stderr].decode(errors="replace") for is_stderr in (False, True))
        code = -1 if attempt.exit_code is None else attempt.exit_code
        return Ended(code, stdout, stderr, self.reporter.take(), attempt.error, True, self.environment)


@contextmanager
def both() -> Iterator[tuple[Cron, Run]]:
    """The two sides, with a database each that was made from one: what one command leaves behind the next one finds."""
    from mydjango.database.embedded.base import start

    server = start(ROOT / ".local" / "postgres")
    with tempfile.TemporaryDirectory() as home, Reporter() as by_cron, Reporter() as by_run:
        names = {"template": "compare_template", "cron": "compare_cron", "run": "compare_run"}
        urls = {
            side: "postgresql://?" + "&".join(f"{k}={v}" for k, v in (server | {"dbname": name}).items())
            for side, name in names.items()
        }
        for side in names:
            for folder in ("media", "static", "backups"):
                Path(home, side, folder).mkdir(parents=True)
        environments = {
            side: {"DATABASE_URL": urls[side], "COMPARE_HOME": str(Path(home, side)), "COMPARE_DSN": reporter.dsn}
            for side, reporter in (("template", by_cron), ("cron", by_cron), ("run", by_run))
        }
        with psycopg.connect(make_conninfo(**server), autocommit=True) as connection:
            _drop(connection, names)
            connection.execute(f"CREATE DATABASE {names['template']}")
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, cwd=ROOT, env=os.environ | environments["template"], check=True)
            for side in ("cron", "run"):
                connection.execute(f"CREATE DATABASE {names[side]} TEMPLATE {names['template']}")
            try:
                yield Cron(environments["cron"], by_cron), Run(environments["run"], by_run)
            finally:
                from django.db import connections

                from jobs.execution.isolation.client import server as fork_server

                fork_server.stop()
                connections.close_all()
                _drop(connection, names)


def _drop(connection: "psycopg.Connection[tuple[object, ...]]", names: dict[str, str]) -> None:
    for name in names.values():
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
