import re
import subprocess
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-bench.txt"]
ALL_LOCKS = sorted(file.name for file in ROOT.glob("requirements*.txt"))
MACHINE = re.compile(rb"(?:^|[^A-Za-z0-9_./-])/(?:work|farm|root|Users)/", re.MULTILINE)


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def pins(lock):
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", ALL_LOCKS)
def test_a_lock_file_names_no_registry(lock):
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index-url" not in text


@pytest.mark.parametrize("lock", ALL_LOCKS)
def test_every_pin_of_a_lock_file_has_a_hash(lock):
    entries = re.split(r"\n(?=\S)", (ROOT / lock).read_text().strip())
    assert [entry for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(("larger", "smaller"), [LOCKS[1::-1], LOCKS[2:0:-1]])
def test_what_is_developed_and_measured_with_is_what_the_image_holds(larger, smaller):
    assert pins(smaller).items() <= pins(larger).items()


def test_no_file_knows_the_machine_it_was_written_on():
    assert [str(file.relative_to(ROOT)) for file in tracked() if MACHINE.search(file.read_bytes())] == []


def test_no_property_is_judged_by_how_long_its_examples_take():
    assert hypothesis.settings().deadline is None
    assert hypothesis.HealthCheck.too_slow in hypothesis.settings().suppress_health_check


def test_the_core_tests_need_neither_the_example_nor_this_project():
    """A clone may delete examples/ and rename mydjango/: `make test-versions` runs these in the tests' own project."""
    [core] = re.findall(r"^CORE \?= \$\(addprefix tests/,(.*?)\)", (ROOT / "Makefile").read_text(), re.M | re.S)
    theirs = [*core.replace("\\", " ").split(), "conftest.py", "helpers", "plain", "sample_commands"]
    files = [file for name in theirs for file in [ROOT / "tests" / name, *(ROOT / "tests" / name).rglob("*.py")]]
    needs = re.compile(r"^\s*(?:from|import) (?:mydjango|examples)\b", re.MULTILINE)
    assert len(files) > 100
    assert [str(file.relative_to(ROOT)) for file in files if file.is_file() and needs.search(file.read_text())] == []
