"""Checks of the image: the packages and the byte code that its build put there."""

import importlib.util
import sys
from pathlib import Path

import azure.functions
import django

from jobs.conf import project_folder
from jobs.formats import counted
from jobs.health.answers import Problem

PACKAGES = Path(".python_packages", "lib", "site-packages")
NO_IMAGE = f"there is no {PACKAGES}: this is no image"
# The flags in a file of byte code that counts whatever its source's date: by hash, and never compared with the source.
# One that an import has written, since there was none, has others.
UNCHECKED_HASH = (1).to_bytes(4, "little")


def packages() -> str:
    """Whether ours come before the worker's own."""
    ours = _ours()
    if ours is None:
        return NO_IMAGE
    for module in (django, azure.functions):
        if not Path(str(module.__file__)).is_relative_to(ours):
            raise Problem(
                f"{module.__name__} comes from {Path(str(module.__file__)).parent}, not from {ours}: the worker's own "
                f"packages come first. Set PYTHONPATH to {ours}, as the Dockerfile does."
            )
    return f"from {ours}"


def byte_code() -> str:
    """That of the app's modules and packages; Python's own are the base image's."""
    if _ours() is None:
        return NO_IMAGE
    files = [Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
    sources = [file for file in files if file.suffix == ".py" and file.is_relative_to(project_folder())]
    without = [file for file in sources if not _is_compiled(file)]
    if without:
        raise Problem(
            f"The build made none for {len(without)} of {counted(len(sources), 'module')}, such as {without[0]}: a "
            "start takes three times as long. Run `python -m compileall --invalidation-mode unchecked-hash`, as the "
            "Dockerfile does."
        )
    return f"{counted(len(sources), 'module')}, and the build made it for all of them"


def _is_compiled(source: Path) -> bool:
    """Whether the build has compiled it, and not an import."""
    try:
        with open(importlib.util.cache_from_source(source), "rb") as byte_code:
            return byte_code.read(8)[4:] == UNCHECKED_HASH
    except OSError:
        return False


def _ours() -> Path | None:
    """Where the image has our packages; None where this is no image."""
    ours = project_folder() / PACKAGES
    return ours if ours.is_dir() else None
