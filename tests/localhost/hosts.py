"""Real hosts: `manage.py functions` in a process of its own, with an app that a test writes."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEY = "the-master-key"
IMPORTS = """
import os, sys, time
import azure.functions as func
app = func.FunctionApp()
ANONYMOUS = func.AuthLevel.ANONYMOUS
"""


def write_app(folder: Path, source: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "function_app.py").write_text(IMPORTS + source)
    return folder


def start(
    folder: Path, *arguments: str, options: dict[str, Any] | None = None, **environment: str
) -> subprocess.Popen[str]:
    """Start a host for the app in this folder, where it keeps its state too. Without LOCAL it needs no database."""
    return subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "manage.py"), "functions", "--skip-checks", "--port", "0"),
            *("--app", str(folder), "--state", str(folder / "state"), *arguments),
        ],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            # What the apps print is waited for line by line.
            "PYTHONUNBUFFERED": "1",
            "SECRET_KEY": "a-test's",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "FUNCTIONS_MASTER_KEY": KEY,
            **environment,
        },
        **{
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            # Ctrl-C is meant for one host and not for the tests.
            "start_new_session": True,
            **(options or {}),
        },
    )


def refusal(folder: Path, source: str, *arguments: str) -> str:
    """What the host says of an app that it refuses."""
    with start(write_app(folder, source), *arguments) as process:
        output, error = process.communicate(timeout=30)
    assert process.returncode == 1, output + error
    # Of an app without HTTP the library warns, on this stream, that an authorization level is of no use to it.
    return error[error.index("CommandError") :].strip()


class LocalHost:
    """A running host. `lines` holds what it has printed so far."""

    def __init__(
        self, folder: Path, *arguments: str, options: dict[str, Any] | None = None, **environment: str
    ) -> None:
        self.lines: list[str] = []
        self.process = start(folder, *arguments, options=options, **environment)
        self.wait_for("Ctrl-C stops it.")
        site = next(line for line in self.lines if line.startswith("Site"))
        self.url = site.split()[1].rstrip("/")
        self.port = int(self.url.rpartition(":")[2])

    def wait_for(self, text: str, times: int = 1) -> list[str]:
        """Read lines until so many of them have this text, and give those. The test's own timeout ends the wait."""
        assert self.process.stdout is not None
        while len(found := [line for line in self.lines if text in line]) < times:
            line = self.process.stdout.readline()
            if not line:
                assert self.process.stderr is not None
                raise AssertionError("\n".join([*self.lines, self.process.stderr.read()]))
            self.lines.append(line.rstrip("\n"))
        return found

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> "Answer":
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()

    def stop(self, number: int = signal.SIGINT) -> float:
        """Stop it as a terminal does, which signals all processes of the group; gives the seconds it took."""
        start = time.monotonic()
        os.killpg(self.process.pid, number)
        self.wait_for_end()
        return time.monotonic() - start

    def wait_for_end(self) -> None:
        """Read all that it still says, and wait for its end."""
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        # communicate() would miss what readline() has read ahead.
        self.lines += [line.rstrip("\n") for line in self.process.stdout]
        self.error = self.process.stderr.read()
        self.process.wait()


class ProjectHost(LocalHost):
    """The project itself on a host, with the project's jobs. It may be asked thousands of times."""

    def __init__(self, database_url: str, folder: Path, **more: str) -> None:
        folder.mkdir(exist_ok=True)
        environment = {
            "LOCAL": "1",
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONPATH": str(ROOT),
            "SECRET_KEY": "a-test's",
        }
        super().__init__(folder, "--app", str(ROOT), **environment | more)
        # It prints a line for each request, and would wait for a reader once the pipe is full.
        for stream in (self.process.stdout, self.process.stderr):
            threading.Thread(target=list, args=[stream], daemon=True).start()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Answer:
    def __init__(self, response: http.client.HTTPResponse, body: bytes) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)
