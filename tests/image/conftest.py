"""The image, built once; and what stands in for Azure's host in it."""

import hashlib
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from jobs.models import Attempt, Run
from jobs.words import Trigger
from tests.image import engine as engines

ROOT = Path(__file__).resolve().parent.parent.parent
RELEASE = "abc1234"
SOURCE = "https://example.com/nightshift"


@pytest.fixture(scope="session")
def engine(tmp_path_factory):
    try:
        return engines.find(tmp_path_factory.mktemp("engine"))
    except engines.Unusable as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session")
def base(engine):
    """IMAGE_BASE names one; else a stand-in for Microsoft's base is made, once for each form of its recipe."""
    if named := os.environ.get("IMAGE_BASE"):
        return named
    recipe = ROOT / "tools" / "image_base.sh"
    tag = f"localhost/nightshift-base:{hashlib.sha256(recipe.read_bytes()).hexdigest()[:12]}"
    if engine.try_to("image", "inspect", tag).returncode == 0:
        return tag
    if not shutil.which("debootstrap") or os.geteuid():
        pytest.skip("A base for the image is made by debootstrap as root, or IMAGE_BASE names one.")
    began = time.monotonic()
    made = subprocess.run(
        [recipe, engine.name, tag], env=engine.environment, capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"No base could be made for the image: {made.stderr.strip()}")
    print(f"The base took {time.monotonic() - began:.0f} s.")
    return tag


@pytest.fixture(scope="session")
def image(engine, base):
    """The tag of the image that the Dockerfile builds."""
    tag = "localhost/nightshift:test"
    began = time.monotonic()
    arguments = (f"BASE_IMAGE={base}", f"RELEASE={RELEASE}", f"SOURCE={SOURCE}")
    engine("build", *(word for argument in arguments for word in ("--build-arg", argument)), "-t", tag, str(ROOT))
    print(f"The image took {time.monotonic() - began:.0f} s.")
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
