"""A row of the list of jobs, as short as it can be: 500 of them are to fit into one page of 300 kB.

So links are relative to the list's address, buttons have seven letters instead of the job's name, cells have no classes
(the stylesheet counts them), end tags that HTML doesn't need are left out, what is usual (ok, due soon) has no
attribute, and no template is asked.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.html import escape
from django.utils.safestring import SafeString

from jobs.access.actor import Actor
from jobs.choices import Status, Verb
from jobs.dashboard.charts import strip
from jobs.dashboard.moments import iso, shown
from jobs.dashboard.refs import ref
from jobs.dashboard.words import WORDS
from jobs.declarations.job import Job
from jobs.formats import NOTHING, format_duration
from jobs.reading.board import BAD, Standing
from jobs.reading.schedules import in_words


def rows(actor: Actor, standings: Sequence[Standing], now: datetime, zone: ZoneInfo) -> list[SafeString]:
    """The rows of these jobs, each with what this person may do."""
    return [_row(actor, each, now, zone) for each in standings]


def _row(actor: Actor, standing: Standing, now: datetime, zone: ZoneInfo) -> SafeString:
    job, state, usual = standing.job, standing.state, standing.usual
    # format_html takes five times as long: what a declaration says is escaped here, all else are words of ours.
    name = escape(job.name)
    may_run, may_pause = actor.may(Verb.RUN, job.name), actor.may(Verb.PAUSE, job.name)
    described = f"<a href={name}/>{name}</a> {escape(in_words(job))}"
    cells = (
        f"<label><input type=checkbox name=job value={ref(job.name)}>{described}</label>" if may_pause else described,
        f"<b{'' if state == Status.SUCCEEDED else f' class={state}'}>{_state(standing, state)}</b>",
        strip(standing.marks, "<svg"),
        format_duration(usual.p50) if usual else NOTHING,
        _next(standing.next_at, now, zone),
        (_run(job, name) if may_run else "") + (_pause(standing) if may_pause else ""),
    )
    return SafeString(f"<tr><td>{'<td>'.join(cells)}")


def _state(standing: Standing, state: str) -> str:
    """In a word; where the latest fate is a run that went wrong, it leads there."""
    word = WORDS.get(state, state)
    leads = state in BAD and standing.last_run and standing.marks[-1].is_bad
    return f"<a href=../runs/{standing.last_run}/>{word}</a>" if leads else word


def _next(moment: datetime | None, now: datetime, zone: ZoneInfo) -> str:
    if moment is None:
        return NOTHING
    # The script writes the exact moment into its title.
    at = iso(moment).removesuffix(":00Z")
    written = f"{at}Z" if len(at) == len("2026-01-31T02:00") else iso(moment)
    return f"<time datetime={written}>{shown(moment, 'ago', now, zone)}</time>"


def _run(job: Job, name: str) -> str:
    """One click, as it is declared; a form where it asks for its word of confirmation."""
    return f"<a href={name}/run/>Run…</a>" if job.confirm else f"<button name=run value={ref(job.name)}>Run</button>"


def _pause(standing: Standing) -> str:
    """To the form that asks how long and why."""
    what, words = ("resume", "Resume") if standing.current.pause else ("pause", "Pause…")
    return f"<button name={what} value={ref(standing.job.name)}>{words}</button>"
