"""Words are completed in a real bash."""

import os
import subprocess
import sys

import pytest

from jobs.commandline import completion
from jobs.commandline.verbs.known import VERBS

# What bash does at TAB, but for the terminal.
COMPLETE = """
set -u
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
_nightshift
printf '%s\\n' ${COMPREPLY[@]+"${COMPREPLY[@]}"}
"""


@pytest.fixture
def shell(tmp_path):
    """A folder with manage.py, and a `nightshift` on the PATH that knows three jobs and writes down each call."""
    (tmp_path / "shop/app").mkdir(parents=True)
    (tmp_path / "shop/manage.py").touch()
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin/nightshift"
    stand_in.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/calls\nprintf "nightly\\nnightly_report\\nimport_rates\\n"\n'
    )
    stand_in.chmod(0o755)
    script = tmp_path / "script"
    script.write_text(completion.script("bash"))
    environment = {
        "PATH": f"{tmp_path}/bin:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache of mine"),
    }

    def complete(line, folder="shop/app", **others):
        words = ["bash", "--norc", "-c", COMPLETE, "bash", str(script), line]
        found = subprocess.run(
            words, cwd=tmp_path / folder, env=environment | others, capture_output=True, text=True, check=True
        )
        assert found.stderr == ""
        return found.stdout.split()

    complete.folder = tmp_path
    return complete


JOBS = ["nightly", "nightly_report", "import_rates"]


@pytest.mark.parametrize(
    ("line", "candidates"),
    [
        ("nightshift res", ["resume"]),
        ("nightshift run ", JOBS),
        ("nightshift run nightly_", ["nightly_report"]),
        ("nightshift run nightly ", []),
        ("nightshift run --de", ["--detach", "--despite-hold"]),
        ("nightshift run nightly --f", ["--follow"]),
        ("nightshift run --detach imp", ["import_rates"]),
        ("nightshift run --at 30m imp", ["import_rates"]),
        ("nightshift pause nightly imp", ["import_rates"]),
        ("nightshift runs --status ca", ["cancelled"]),
        ("nightshift runs --status failed n", ["nightly", "nightly_report"]),
        ("nightshift runs --limit ", []),
        ("nightshift dst imp", ["import_rates"]),
        ("nightshift incident s", ["show", "snooze"]),
        ("nightshift incident show ", []),
        ("nightshift incidents imp", ["import_rates"]),
        ("nightshift incidents --cause fla", ["flapping"]),
        ("nightshift try-rule imp", ["import_rates"]),
        ("nightshift --no-c", ["--no-color"]),
        ("nightshift completion ", ["bash", "zsh", "fish"]),
        ("nightshift --url https://jobs.example.com:8443 --token-file f run imp", ["import_rates"]),
    ],
)
def test_what_may_come_next_is_offered(line, candidates, shell):
    assert shell(line) == candidates


def test_each_verb_is_offered_and_each_command(shell):
    assert {*VERBS, "migrate", "doctor", "init"} <= set(shell("nightshift "))


def test_jobs_are_asked_for_once_a_project_and_an_address(shell):
    calls = shell.folder / "calls"
    for _ in range(2):
        assert shell("nightshift run ", "shop") == JOBS
        assert shell("nightshift run ", "shop/app") == JOBS
    assert calls.read_text() == "completion jobs\n"
    assert shell("nightshift run ", "bin") == []
    assert shell("nightshift --url https://a.example run imp") == ["import_rates"]
    assert shell("nightshift run imp", "bin", NIGHTSHIFT_URL="https://a.example") == ["import_rates"]
    assert calls.read_text().splitlines() == ["completion jobs", "--url https://a.example completion jobs"]


def test_an_old_list_is_offered_at_once_and_asked_for_again(shell):
    (shell.folder / "bin/nightshift").write_text("#!/bin/sh\nexit 1\n")
    assert shell("nightshift run ") == []  # and it isn't asked for at each TAB
    [file] = (shell.folder / "cache of mine/nightshift").iterdir()
    file.write_text("former\n")
    os.utime(file, (0, 0))
    assert shell("nightshift run ") == ["former"]
    assert file.stat().st_mtime > 1


def test_the_script_needs_no_django_project(tmp_path):
    words = [sys.executable, "-c", "import sys; from jobs.cli import main; sys.exit(main(['completion', 'bash']))"]
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": root}
    said = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True).stdout
    assert said == completion.script("bash") + "\n"
