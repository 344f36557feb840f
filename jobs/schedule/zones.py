"""Time zones by name and by their rules: two names of one clock are the same zone, and new rules make it another.

`Europe/Kiev` and `Europe/Kyiv` name one file's content. An update of the time zone database replaces that content.
"""

import difflib
import importlib.resources
import zlib
import zoneinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from jobs.sentences import Sentence

# Files beside the zones, which a machine sets up for itself.
MACHINES_OWN = frozenset({"local", "localtime", "factory", "posixrules"})
# Folders in which some machines keep all zones once more; those in `right` count leap seconds.
OTHER_READINGS = frozenset({"posix", "right"})


class UnknownZone(Sentence, ValueError):
    """There is no time zone {name!r}. {fix}"""

    name: str

    def __init__(self, name: str) -> None:
        known = {zone.lower(): zone for zone in zone_names()}
        close = difflib.get_close_matches(name.lower(), known, n=1)
        fix = f"Did you mean {known[close[0]]!r}?" if close else "Write an IANA name like 'Europe/Berlin'."
        super().__init__(name=name, fix=fix)


class MachinesOwnZone(UnknownZone):
    """{name!r} means something else on another machine. Write {instead}."""

    def __init__(self, name: str, instead: str) -> None:
        Sentence.__init__(self, name=name, instead=instead)


def zone_called(name: str) -> ZoneInfo:
    """The zone of this IANA name. Raises UnknownZone."""
    if name.lower() in MACHINES_OWN:
        raise MachinesOwnZone(name, "the zone's own name, like 'Europe/Berlin', or 'UTC'")
    folder, _, zone = name.partition("/")
    if folder in OTHER_READINGS and zone in zone_names():
        raise MachinesOwnZone(name, repr(zone))
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Europe" is a directory
        raise UnknownZone(name) from None


@cache
def zone_names() -> frozenset[str]:
    """The IANA names that this machine knows."""
    return frozenset(name for name in zoneinfo.available_timezones() if name.lower() not in MACHINES_OWN)


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
