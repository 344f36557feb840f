"""Azurite, the emulator of Azure's storage: its queues, in a process of a test's own."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

from azure.storage.queue import QueueClient, QueueServiceClient
from django.conf import settings

from tests.helpers.processes import until
from tests.helpers.required import skip_or_fail

HERE = Path(__file__).parent / "azurite"
INSTALLED = settings.BASE_DIR / ".local" / "azurite"
# The account and key that every Azurite has.
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def refuse(reason):
    skip_or_fail(reason, "REQUIRE_AZURITE")


def installed():
    """The folder that has it, made with npm where it isn't. Without npm the test is skipped; in CI it fails."""
    lock = (HERE / "package-lock.json").read_text()
    stamp = INSTALLED / "installed"
    if not stamp.exists() or stamp.read_text() != lock:
        if shutil.which("npm") is None:
            refuse("Azurite needs npm, and there is none on this machine: install Node.js.")
        shutil.rmtree(INSTALLED, ignore_errors=True)
        INSTALLED.mkdir(parents=True)
        for file in HERE.glob("package*.json"):
            shutil.copy(file, INSTALLED)
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=INSTALLED,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            refuse(f"npm can't install Azurite: {done.stderr.strip().splitlines()[-1:]}")
        stamp.write_text(lock)
    return INSTALLED


class Azurite:
    """Its queues. What they hold is kept in a folder, and so is there again after `stop` and `start`."""

    def __init__(self, folder):
        self.folder = folder
        self.port = 0
        self.start()

    def start(self):
        # It writes a line for each request, which nobody reads: a pipe would fill, and it would stop there.
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen(
                [
                    *("node", str(installed() / "node_modules/azurite/dist/src/queue/main.js")),
                    *("--queueHost", "127.0.0.1", "--queuePort", str(self.port), "--location", str(self.folder)),
                    *("--skipApiVersionCheck", "--disableTelemetry"),
                ],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self.listens, 60, "Azurite's start")

    def listens(self):
        said = Path(self.folder, "log").read_text()
        assert self.process.poll() is None, said
        if found := re.search(r"successfully listens on http://127\.0\.0\.1:(\d+)", said):
            self.port = int(found[1])
        return found

    @property
    def connection_string(self):
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"QueueEndpoint=http://127.0.0.1:{self.port}/{ACCOUNT};"
        )

    def queue(self, name="jobs-runs"):
        return QueueClient.from_connection_string(self.connection_string, name, retry_total=0)

    def names(self):
        """The queues that there are."""
        with QueueServiceClient.from_connection_string(self.connection_string) as service:
            return [queue.name for queue in service.list_queues()]

    def stop(self):
        """In good order, so that it writes down what it holds."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)
        self.process.wait()

    def pause(self):
        """As a queue that takes connections and answers nothing."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)


def texts(queue):
    """The messages that can be seen, left where they are."""
    return [message.content for message in queue.peek_messages(32)]
