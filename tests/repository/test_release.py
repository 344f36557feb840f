"""A release is whole, and what is released is ours alone."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import release

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def copy(tmp_path):
    """The files that have to agree, with a section of CHANGELOG.md for the version."""
    for path in ("jobs/version.py", "CHANGELOG.md", *release.COPIES):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    sections = [
        "## [Unreleased]",
        f"## [{release.version()}] - 2026-12-01",
        "- It works.",
        "## [0.0.1] - 2026-01-01",
        "- Old.",
    ]
    (tmp_path / "CHANGELOG.md").write_text("\n\n".join(sections))
    return tmp_path


def replace(path, old, new):
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_the_version_is_the_same_wherever_it_stands():
    assert [found for found in release.problems() if "jobs/version.py" in found] == []


def test_what_agrees_can_be_released(copy):
    assert list(release.problems(copy, f"v{release.version()}")) == []
    assert release.notes(copy) == "- It works."


def test_what_disagrees_is_said(copy):
    replace(copy / "jobs/version.py", release.version(), "9.8.7")
    assert list(release.problems(copy, "v9.8.6")) == [
        f"mydjango/settings.py says {release.version()}, and jobs/version.py 9.8.7. Write 9.8.7 there.",
        f"openapi.yml says {release.version()}, and jobs/version.py 9.8.7. Write 9.8.7 there.",
        "The tag is v9.8.6, and the version 9.8.7. Tag v9.8.7, or change jobs/version.py.",
        "CHANGELOG.md says nothing under `## [9.8.7] - YYYY-MM-DD`. Move there what is Unreleased.",
    ]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built as `make release-check` builds it."""
    folder = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder, ROOT], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("*.whl")
    return built


@pytest.mark.timeout(300)
def test_the_wheel_holds_all_of_jobs_and_nothing_of_the_tests_or_the_examples(wheel):
    assert list(release._problems_of_wheel(wheel, ROOT)) == []
    assert f"-{release.version()}-" in wheel.name


def test_every_action_is_pinned_by_its_commit():
    lines = [
        line.strip()
        for file in (ROOT / ".github/workflows").glob("*.yml")
        for line in file.read_text().splitlines()
        if "uses:" in line
    ]
    assert lines
    assert [line for line in lines if not re.fullmatch(r"- uses: [\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line)] == []


def test_both_definitions_of_ci_call_the_same_targets():
    shared = {"lint", "project", "audit", "test", "test-lts", "image-test"}

    def targets(file):
        lines = [line for line in (ROOT / file).read_text().splitlines() if not line.lstrip().startswith("#")]
        return {word for line in lines for words in re.findall(r"\bmake ([a-z -]+)", line) for word in words.split()}

    assert shared <= targets(".ci/run")
    assert shared <= targets(".github/workflows/ci.yml")
