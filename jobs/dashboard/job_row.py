"""A row of the list of jobs, as short as it can be: 500 of them are to fit into one page of 300 kB.

So links are relative to the list's address, cells have no classes (the stylesheet counts them), end tags that HTML
doesn't need are left out, and no template is asked.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard.charts import strip
from jobs.dashboard.moments import shown
from jobs.dashboard.tags import iso
from jobs.dashboard.words import WORDS
from jobs.formats import NOTHING, format_duration
from jobs.reading.board import Standing
from jobs.reading.schedules import in_words


def rows(actor: Actor, standings: Sequence[Standing], now: datetime, zone: ZoneInfo) -> list[SafeString]:
    """The rows of these jobs, each with what this person may do."""
    return [
        format_html(
            '<tr><td>{}<td><b class="state {}">{}</b><td><a href={}/>{}</a>{}<td>{}<td>{}<td>{}<td>{}{}',
            _tick(name) if may_pause else "",
            each.state,
            WORDS.get(each.state, each.state),
            name,
            name,
            in_words(each.job),
            strip(each.marks, "<svg"),
            format_duration(each.usual.p50) if each.usual else NOTHING,
            _next(each, now, zone),
            format_html("<a href={}/run/>Run…</a>", name) if may_run else "",
            _pause(each) if may_pause else "",
        )
        for each, name, may_run, may_pause in (
            (each, each.job.name, actor.may(Verb.RUN, each.job.name), actor.may(Verb.PAUSE, each.job.name))
            for each in standings
        )
    ]


def _tick(name: str) -> SafeString:
    return format_html("<input type=checkbox name=job value={} aria-label={}>", name, name)


def _next(standing: Standing, now: datetime, zone: ZoneInfo) -> str:
    moment = standing.next_at
    if moment is None:
        return NOTHING
    # The script writes the exact moment into its title.
    at = iso(moment).removesuffix(":00Z")
    written = f"{at}Z" if len(at) == len("2026-01-31T02:00") else iso(moment)
    return format_html("<time datetime={} data-as=ago>{}</time>", written, shown(moment, "ago", now, zone))


def _pause(standing: Standing) -> SafeString:
    if standing.current.pause:
        return format_html("<button name=resume value={}>Resume</button>", standing.job.name)
    return format_html("<a href={}/pause/>Pause…</a>", standing.job.name)
