"""Time zones by their rules: two names of one clock are the same zone, and new rules make it another one.

`Europe/Kiev` and `Europe/Kyiv` name one file's content. An update of the time zone database replaces that content.
"""

import importlib.resources
import zlib
import zoneinfo
from functools import cache
from pathlib import Path


@cache
def rules_of(name: str) -> str:
    """What the zone's rules are in this process, as a checksum of the file that they come from; empty without one."""
    # In the order in which zoneinfo looks: the system's files, then the package tzdata.
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return f"{zlib.crc32(path.read_bytes()):08x}"
    try:
        packaged = importlib.resources.files("tzdata.zoneinfo").joinpath(*name.split("/"))
        return f"{zlib.crc32(packaged.read_bytes()):08x}"
    except (ImportError, OSError):
        return ""


def same_clock(one: str, other: str) -> bool:
    """Whether two names stand for one clock: a link in the time zone database has its target's rules."""
    return one == other or (rules_of(one) == rules_of(other) != "")
