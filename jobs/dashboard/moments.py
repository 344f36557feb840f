"""How pages write moments. The script writes them in the same way once it is there."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from jobs import formats

WEEK = timedelta(days=6)


def shown(moment: datetime, kind: str, now: datetime, zone: ZoneInfo) -> str:
    """By a kind of `when`; the zone stands beside what isn't relative where it is UTC."""
    if kind == "ago":
        return formats.relative(moment, now)
    if kind == "for":
        return formats.format_duration(timedelta(seconds=int((now - moment).total_seconds())))
    local = moment.astimezone(zone)
    if kind == "second":
        return f"{local:%H:%M:%S}"
    if kind == "full":
        return f"{local:%a %-d %b %Y %H:%M:%S}"
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local:%a %H:%M}" if abs(moment - now) < WEEK else f"{local:%-d %b %Y %H:%M}"


def hover(moment: datetime, zone: ZoneInfo | str | None = None) -> str:
    """The moment in the job's zone and in UTC."""
    utc = f"{moment.astimezone(UTC):%-d %b %H:%M} UTC"
    if not isinstance(zone, ZoneInfo) or zone.key == "UTC":
        return utc
    return f"{moment.astimezone(zone):%a %H:%M} {zone.key}, {utc}"


def iso(moment: datetime) -> str:
    """For the script: in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def tag(
    moment: datetime, kind: str, now: datetime, zone: ZoneInfo, job_zone: ZoneInfo | str | None = None
) -> SafeString:
    """The moment as `<time>`, in the reader's zone."""
    # Digits, names of months and of zones: nothing in it needs to be escaped.
    return SafeString(
        f'<time datetime={iso(moment)} data-as={kind} title="{hover(moment, job_zone)}">'
        f"{shown(moment, kind, now, zone)}</time>"
    )
