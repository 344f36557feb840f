"""Where processes import from: the fork server as its worker, and what a command starts as it would under cron."""

import os
import site
import sys
import sysconfig
from pathlib import Path

from django.conf import settings


def of_this_process() -> str:
    """PYTHONPATH for a process that imports all as this one: the worker's own packages must not take ours' place."""
    return os.pathsep.join(_entries())


def of_runs() -> str:
    """PYTHONPATH for runs: this process's own, and what its interpreter wouldn't find by itself.

    The standard library isn't in it: a command may start another Python, which has its own. In Azure the project's
    packages are, which the host adds to the worker's path.
    """
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    known = {*map(_real, given), *map(_real, _found_by_itself())}
    added = [entry for entry in _entries() if _real(entry) not in known]
    return os.pathsep.join(filter(None, [*given, *added]))


def _entries() -> list[str]:
    return [_real(entry) for entry in sys.path if entry and Path(entry).exists()]


def _found_by_itself() -> list[str]:
    library = sysconfig.get_paths()
    names = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    standard = [library["stdlib"], library["platstdlib"], f"{library['platstdlib']}/lib-dynload"]
    zipped = [str(Path(library["stdlib"]).parent / names)]
    # manage.py's folder is where a run begins.
    return [*standard, *zipped, *site.getsitepackages(), site.getusersitepackages(), str(settings.BASE_DIR)]


def _real(entry: str) -> str:
    return str(Path(entry).resolve()) if entry else ""
