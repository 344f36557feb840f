"""What `make check` and CI do beside the tests."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.azure import azurite

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def silent():
    """The URL of a server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/simple/"


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
def test_without_npm_what_wants_azurite_is_skipped_and_fails_in_ci(required, outcome, tmp_path, monkeypatch):
    monkeypatch.setattr(azurite, "INSTALLED", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("REQUIRE_AZURITE", required)
    with pytest.raises(outcome, match="Azurite wants npm, and there is none on this machine"):
        azurite.installed()


def test_ci_requires_azurite():
    for file in (".ci/run", ".github/workflows/ci.yml"):
        assert "REQUIRE_AZURITE" in (ROOT / file).read_text()
