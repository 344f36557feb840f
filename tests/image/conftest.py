"""The image, built once; and what stands in for Azure's host in it."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.choices import Trigger
from jobs.models import Attempt, Run
from tests.helpers.required import skip_or_fail
from tests.image import engine as engines

ROOT = Path(__file__).resolve().parents[2]
RELEASE = "abc1234"
SOURCE = "https://example.com/nightshift"
# What was measured, for the end of the report.
figures: list[str] = []


def pytest_terminal_summary(terminalreporter):
    for figure in figures:
        terminalreporter.write_line(figure)


def usable_engine(folder):
    try:
        return engines.find(folder)
    except engines.Unusable as reason:
        skip_or_fail(str(reason), "REQUIRE_IMAGE")


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    return usable_engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="session")
def base(engine):
    """IMAGE_BASE names one; else a stand-in for Microsoft's base is made of what this machine has."""
    if named := os.environ.get("IMAGE_BASE"):
        # A build by Docker fetches it into its cache only, where nothing can ask for its size.
        if engine.try_to("image", "inspect", named).returncode:
            engine("pull", named)
        return named
    if not shutil.which("dpkg"):
        reason = "A base for the image is made of a Debian machine's own files. Elsewhere, name one by IMAGE_BASE."
        skip_or_fail(reason, "REQUIRE_IMAGE")
    began = time.monotonic()
    tag = "localhost/nightshift-base:test"
    recipe = [sys.executable, ROOT / "tools" / "image_base.py", sys.executable]
    with subprocess.Popen(recipe, stdout=subprocess.PIPE) as making:
        engine("import", "-", tag, stdin=making.stdout)
    assert making.returncode == 0
    figures.append(f"The base was made in {time.monotonic() - began:.0f} s.")
    return tag


@pytest.fixture(scope="session")
def image(engine, base):
    """The tag of the image that the Dockerfile builds."""
    tag = "localhost/nightshift:test"
    began = time.monotonic()
    arguments = (f"BASE_IMAGE={base}", f"RELEASE={RELEASE}", f"SOURCE={SOURCE}")
    engine("build", *(word for argument in arguments for word in ("--build-arg", argument)), "-t", tag, str(ROOT))
    took = time.monotonic() - began
    size, of_base = (int(engine("image", "inspect", "--format", "{{.Size}}", which)) for which in (tag, base))
    figures.append(
        f"The image was built in {took:.0f} s: {size / 1e6:.0f} MB, {(size - of_base) / 1e6:.0f} MB more than its base."
    )
    return tag


@pytest.fixture
def queued():
    """Queue a run that sleeps for these seconds."""

    def queue(seconds):
        return Run.objects.create(job="sleeps", trigger=Trigger.API, requested_by="a test", arguments=[str(seconds)])

    return queue


@pytest.fixture
def has_begun():
    """Whether this run's child has said something."""
    return lambda run: Attempt.objects.filter(run=run, output__isnull=False).exists()
