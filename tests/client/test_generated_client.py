"""openapi.yml is good enough to make a client of: one is generated, and used against the running local host."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.people import a_token, a_user
from tests.helpers.rows import a_run
from tests.localhost.hosts import ROOT, ProjectHost

pytestmark = [pytest.mark.client, pytest.mark.django_db(transaction=True)]
BIN = Path(os.environ.get("CLIENT_BIN", ROOT / ".local" / "client-venv" / "bin"))
PROGRAM = """
    import os
    from nightshift import AuthenticatedClient
    from nightshift.api.jobs import jobs_list, jobs_pause, jobs_resume, jobs_start
    from nightshift.api.runs import runs_list, runs_retrieve
    from nightshift.models import Problem, Start, Until

    client = AuthenticatedClient(base_url=os.environ["URL"], token=os.environ["TOKEN"])
    jobs = jobs_list.sync(client=client, search="clearsessions")
    print([job.name for job in jobs.results])
    first, again = (
        jobs_start.sync("clearsessions", client=client, body=Start(words=["--verbosity", "2"]), idempotency_key="k-1")
        for _ in range(2)
    )
    print(first.id == again.id, first.arguments, first.trigger.value)
    ended = runs_retrieve.sync(first.id, client=client, wait=20)
    print(ended.status.value, ended.attempts[0].exit_code)
    print([run.id == first.id for run in runs_list.sync(client=client, job=["clearsessions"], page_size=1).results])
    print(jobs_pause.sync("clearsessions", client=client, body=Until(reason="release")).is_paused)
    refused = jobs_pause.sync("clearsessions", client=client, body=Until())
    print(isinstance(refused, Problem), refused.status, refused.type_)
    print(jobs_resume.sync("clearsessions", client=client).is_paused)
"""
SAYS = [
    "['clearsessions']",
    "True ['--verbosity', '2'] api",
    "succeeded 0",
    "[True]",
    "True",
    "True 409 urn:problem-type:nightshift:already-paused",
    "False",
]


@pytest.fixture
def client(tmp_path):
    """The folder of a client that has just been generated, without a warning."""
    command = [BIN / "openapi-python-client", "generate", "--path", ROOT / "openapi.yml", "--meta", "none"]
    environment = {"PATH": f"{BIN}:{os.environ['PATH']}"}  # it formats what it writes with ruff
    done = subprocess.run(
        [*command, "--output-path", tmp_path / "nightshift"], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Warning" not in done.stdout
    return tmp_path


def test_a_program_uses_the_generated_client(client, database_url, tmp_path):
    a_run("clearsessions")
    _, secret = a_token(a_user("olga", "operator", "*"))
    host = ProjectHost(database_url, tmp_path / "host")
    try:
        environment = {"URL": host.url, "TOKEN": secret, "PYTHONPATH": str(client)}
        program = "\n".join(line.removeprefix("    ") for line in PROGRAM.splitlines())
        done = subprocess.run([BIN / "python", "-c", program], capture_output=True, text=True, env=environment)
    finally:
        host.kill()
    assert done.stdout.splitlines() == SAYS, done.stderr
