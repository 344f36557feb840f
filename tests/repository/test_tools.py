"""What `make check` and CI do beside the tests."""

import inspect
import json
import re
import shutil
import socket
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest
from django.apps import apps

from tests.azure import azurite
from tests.image.conftest import usable_engine
from tools import wait_until_ready

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def silent():
    """The URL of a server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/simple/"


@pytest.fixture
def site():
    """A site that gives one answer after the other, the last one for ever: a status and a text. It notes who asked."""
    answers, asked = [], []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            status, text = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}/", answers=answers, asked=asked)
    server.shutdown()
    server.server_close()


def ready(release):
    return 200, json.dumps({"status": "ready", "release": release, "problems": {}})


def test_a_deployment_is_waited_for_while_the_former_release_answers(site, capsys):
    not_yet = 503, json.dumps({"status": "not ready", "release": "new", "problems": {"migrations": "1 is pending."}})
    others = [(200, ""), (502, "<html>Bad Gateway</html>"), (200, '"ready"'), not_yet]
    site.answers += [ready("old"), ready("old"), *others, ready("new")]
    assert wait_until_ready.wait(site.url, "new", seconds=30, pause=0.01)
    assert site.asked == ["/api/ready"] * 7
    # Each once, however often it is said.
    said = [
        ready("old")[1],
        "200, and nothing else",
        "<html>Bad Gateway</html>",
        '"ready"',
        not_yet[1],
        ready("new")[1],
    ]
    assert capsys.readouterr().out.splitlines() == said


def test_an_answer_that_is_cut_off_is_none():
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def cut():
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 100\r\n\r\n<ht")

        Thread(target=cut, daemon=True).start()
        assert "IncompleteRead" in wait_until_ready.answer(f"http://127.0.0.1:{listening.getsockname()[1]}/api/ready")


def test_a_release_that_never_answers_fails_the_deployment(site):
    site.answers += [ready("old")]
    done = subprocess.run(
        [sys.executable, "tools/wait_until_ready.py", site.url, "new", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ready("old")[1] + "\n"
    assert done.stderr.startswith(f"{site.url} didn't answer with release new within 1 s.")


def test_a_site_that_is_not_there_yet_is_waited_for(monkeypatch):
    answers = iter(["Connection refused", "Connection refused", ready("new")[1]])
    monkeypatch.setattr(wait_until_ready, "answer", lambda url: next(answers))
    assert wait_until_ready.wait("https://jobs.example.com/", "new", seconds=30, pause=0.01)


def test_nobody_listening_is_an_answer_too():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "refused" in wait_until_ready.answer(f"http://127.0.0.1:{port}/api/ready")


def test_what_terraform_did_not_say_is_not_waited_for():
    done = subprocess.run(
        [sys.executable, "tools/wait_until_ready.py", "", "new"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (1, "URL or RELEASE is empty. Does `terraform output` print them?\n")


def test_the_pipeline_waits_for_the_release_that_it_deployed():
    assert (
        'wait_until_ready.py "$(terraform output -raw url)" "$(terraform output -raw release)"'
        in (ROOT / ".github/workflows/deploy.yml").read_text()
    )


def test_make_check_asks_for_known_vulnerabilities():
    done = subprocess.run(["make", "--dry-run", "check"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "tools/audit.sh requirements.txt" in done.stdout.splitlines()


def test_an_audit_that_nobody_answers_says_so_in_time_and_fails_nothing(silent, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", silent)
    monkeypatch.setenv("AUDIT_SECONDS", "2")
    began = time.monotonic()
    done = subprocess.run(
        ["tools/audit.sh", "requirements.txt"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert time.monotonic() - began < 10
    assert (done.returncode, done.stdout) == (
        0,
        "Not audited: it took more than 2 seconds. AUDIT_SECONDS gives it more.\n",
    )


@pytest.mark.parametrize(("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_without_npm_what_needs_azurite_is_skipped_and_fails_in_ci(required, outcome, tmp_path, monkeypatch):
    monkeypatch.setattr(azurite, "INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("REQUIRE_AZURITE", required)
    with pytest.raises(outcome, match="Azurite needs npm, and there is none on this machine"):
        azurite.installed()


@pytest.mark.parametrize("variable", ["REQUIRE_AZURITE", "REQUIRE_CHROMIUM"])
def test_ci_requires_what_a_laptop_may_lack(variable):
    for file in (".ci/run", ".github/workflows/ci.yml"):
        assert variable in (ROOT / file).read_text()


@pytest.mark.parametrize(("required", "outcome"), [("", pytest.skip.Exception), ("1", pytest.fail.Exception)])
def test_without_an_engine_the_image_is_skipped_and_fails_where_it_is_required(
    required, outcome, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("REQUIRE_IMAGE", required)
    with pytest.raises(outcome, match="Neither a Docker engine nor podman is here"):
        usable_engine(tmp_path)


def test_a_commit_that_changes_a_model_is_checked_for_a_missing_migration():
    pattern = re.search(r"^        files: (.+)$", (ROOT / ".pre-commit-config.yaml").read_text(), re.MULTILINE)[1]
    models = {inspect.getfile(model) for model in apps.get_app_config("nightshift").get_models()}
    assert len(models) > 4
    assert [file for file in models if not re.search(pattern, file)] == []


def test_the_workflow_tests_the_image_on_the_base_that_the_dockerfile_names():
    base = re.search(r"^ARG BASE_IMAGE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)[1]
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    assert f"IMAGE_BASE: {base}\n" in workflow
    assert 'REQUIRE_IMAGE: "1"\n' in workflow
