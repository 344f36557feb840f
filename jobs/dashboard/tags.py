"""What templates say: moments, durations, states."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import formats
from jobs.choices import Trigger, Verb
from jobs.dashboard import moments
from jobs.dashboard.words import REASONS, WORDS
from jobs.version import __version__

register = template.Library()
register.filter(moments.iso)


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None, kind: str = "clock", zone: ZoneInfo | str | None = None) -> str:
    """A moment as `<time>`: in the reader's zone, with the job's and UTC on hover. The script keeps it up to date.

    Kinds: "clock" (16:15), "second" (16:15:04), "full" (with date and offset), "ago" (3 min ago, in 2 h),
    "for" (how long since).
    """
    if moment is None:
        return formats.NOTHING
    return moments.tag(moment, kind, context["now"], context["preferences"].zone, zone or None)


@register.simple_tag
def state(name: str, words: str = "") -> SafeString:
    """A status by shape, word and colour."""
    return format_html('<span class="state {}">{}</span>', name, words or WORDS.get(name, name))


@register.simple_tag(takes_context=True)
def may(context: Context, verb: str, job: str) -> bool:
    """Whether the reader may do this with the job: `{% may "run" job.name as may_run %}`."""
    return bool(context["actor"].may(Verb(verb), job))


@register.filter
def duration(value: timedelta | None) -> str:
    return formats.format_duration(value)


@register.filter
def day(moment: datetime) -> str:
    """Of a moment its day in UTC, as an address has it."""
    return f"{moment.astimezone(ZoneInfo('UTC')):%Y-%m-%d}"


@register.filter
def words(text: str) -> list[str]:
    return text.split()


@register.filter
def shortened(value: object) -> str:
    """What fits into a row of a table, on one line."""
    return formats.shorten(formats.plain(str(value)), 160)


@register.filter
def why(reason: str) -> str:
    """Of a run that never started, or of a gap: why."""
    return REASONS.get(reason, reason)


@register.filter
def trigger(name: str) -> str:
    """What started a run, in words."""
    return Trigger(name).label.lower() if name != Trigger.API else Trigger.API.label


@register.filter
def percent(share: float | None) -> str:
    """Rounded down: what isn't perfect isn't 100 %."""
    return formats.NOTHING if share is None else f"{int(share * 1000) / 10:g} %"


@register.filter
def thousands(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


@register.filter(name="bytes")
def in_bytes(value: int) -> str:
    return formats.size(value)


@register.simple_tag
def counted(count: int, noun: str) -> str:
    return formats.counted(count, noun)


@register.simple_tag
def asset(path: str) -> str:
    """A static file of ours, under an address that changes with the version."""
    return f"{static(f'nightshift/{path}')}?{__version__}"


@register.simple_tag
def toggle(name: str, value: str, label: str) -> SafeString:
    """A button of a form for preferences that turns one on and off."""
    other = "off" if value == "on" else "on"
    pressed = "true" if value == "on" else "false"
    return format_html(
        '<button class="quiet" name="{}" value="{}" aria-pressed="{}">{}</button>', name, other, pressed, label
    )
