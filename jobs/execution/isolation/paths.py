"""Where processes import from: the fork server as its worker, and what a command starts as it would under cron."""

import os
import site
import sys
from pathlib import Path

from jobs.conf import project_folder

STANDARD = Path(os.__file__).resolve().parent


def of_this_process() -> str:
    """PYTHONPATH for a process that imports all as this one: the worker's own packages must not take ours' place."""
    return os.pathsep.join(_entries())


def of_runs() -> str:
    """PYTHONPATH for runs: this process's own, and what its interpreter wouldn't find by itself.

    The standard library isn't in it: a command may start another Python, which has its own. In Azure the project's
    packages are, which the host adds to the worker's path.
    """
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    known = {*map(_real, given), *map(_real, _found_by_itself())}
    added = [entry for entry in _entries() if entry not in known and not _is_standard(entry)]
    return os.pathsep.join([*given, *added])


def _entries() -> list[str]:
    return [_real(entry) for entry in sys.path if entry and Path(entry).exists()]


def _found_by_itself() -> list[str]:
    # manage.py's folder is where a run begins.
    return [*site.getsitepackages(), site.getusersitepackages(), str(project_folder())]


def _is_standard(entry: str) -> bool:
    """Whether it is the standard library, also where a virtual environment has it from another place."""
    zipped = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    path = Path(entry)
    return path.name == zipped or (path.is_relative_to(STANDARD) and "site-packages" not in path.parts)


def _real(entry: str) -> str:
    return str(Path(entry).resolve())
