"""When a person was last here, for "since you were here".

It lies in a signed cookie of the browser: one that another person wrote there isn't read. A visit lasts as long as the
overview is opened again within half an hour; what the script asks for isn't one.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.dashboard.preferences import PREFIX, YEAR

COOKIE = PREFIX + "visit"
LASTS = timedelta(minutes=30)


class Visit(NamedTuple):
    """The end of the last visit, and when this one was last continued. None: not known."""

    before: datetime | None = None
    last: datetime | None = None


def of(request: HttpRequest, actor: Actor) -> Visit:
    """This visit, as it is before the request."""
    text = request.get_signed_cookie(COOKIE, default="", salt=_salt(actor), max_age=YEAR) or ""
    before, _, last = text.partition(" ")
    visit = Visit(_read(before), _read(last))
    if visit.last and timezone.now() - visit.last > LASTS:
        return Visit(visit.last)
    return visit


def keep(request: HttpRequest, actor: Actor, response: HttpResponseBase) -> None:
    """Note that the overview was opened."""
    visit = of(request, actor)
    text = f"{_written(visit.before)} {_written(timezone.now())}"
    response.set_signed_cookie(
        COOKIE, text, salt=_salt(actor), max_age=YEAR, httponly=True, samesite="Lax", secure=request.is_secure()
    )


def _salt(actor: Actor) -> str:
    return f"nightshift.visit.{actor.user_id}"


def _read(text: str) -> datetime | None:
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else None


def _written(moment: datetime | None) -> str:
    return str(int(moment.timestamp())) if moment else "-"
