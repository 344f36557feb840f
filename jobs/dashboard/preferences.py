"""What a person chose about the pages. It lies in cookies that the script may read and write too."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse

from jobs.schedule.zones import zone_names

PREFIX = "nightshift_"
YEAR = 365 * 86_400
# Of each its values, the default first.
CHOICES = {
    "theme": ("auto", "light", "dark"),
    "live": ("on", "off"),
    "times": ("local", "utc"),
    "keys": ("on", "off"),
    "wrap": ("on", "off"),
    "stamps": ("off", "on"),
}
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """`zone` is that of the times on the page: the browser's, as the script found it; without a script UTC.

    `wrap` and `stamps` are about output: whether its lines wrap, and show when they came.
    """

    theme: str
    live: str
    times: str
    keys: str
    wrap: str
    stamps: str
    zone: ZoneInfo


def of(request: HttpRequest) -> Preferences:
    chosen = {name: _chosen(request, name) for name in CHOICES}
    return Preferences(**chosen, zone=UTC if chosen["times"] == "utc" else _zone(request))


def keep(response: HttpResponse, name: str, value: str, *, secure: bool) -> None:
    """Keep a choice for a year. The script reads it, so that a pause holds in all tabs at once."""
    response.set_cookie(PREFIX + name, value, max_age=YEAR, samesite="Lax", secure=secure)


def _chosen(request: HttpRequest, name: str) -> str:
    value = request.COOKIES.get(PREFIX + name, "")
    return value if value in CHOICES[name] else CHOICES[name][0]


def _zone(request: HttpRequest) -> ZoneInfo:
    # Written with "." for "/", which Azure's front end would encode.
    name = request.COOKIES.get(PREFIX + "zone", "").replace(".", "/")
    return ZoneInfo(name) if name in zone_names() else UTC
