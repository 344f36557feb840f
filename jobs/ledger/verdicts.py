"""What the end of a run says about a job, rule by rule: SQL for what only the ledger knows, constants for the rest.

`incidents.judge` puts them into its statement, whose `outcomes` are the job's latest, this end first.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.choices import Cause, Status
from jobs.declarations import alert
from jobs.formats import format_duration, shorten
from jobs.ledger import outages
from jobs.ledger.changed import Changed
from jobs.ledger.watched import Watched

# Six times failed or recovered again within twenty outcomes is one incident in place of further ones. It is over when
# as many outcomes are alike.
CHANGES, WITHIN, ALIKE = 6, 20, 6
# Of fewer durations no p95 is known.
FEWEST = 20
LONGEST_LINE, LONGEST_FINGERPRINT = 300, 200
NUMBERS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|0x[0-9a-f]+|\b(?=\w*\d)[0-9a-f]{8,}\b|\d+", re.I)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one kind of incident, in SQL: whether this end opens it or adds to it, and whether it closes it."""

    cause: str
    opens: str
    closes: str
    detail: str


def of(run: Changed, watched: Watched) -> Iterator[Verdict]:
    """What the rules that look at this end say. `parameters` has what they need."""
    for cause in watched.causes(run.status):
        yield from _OF[cause](run)


def causes(run: Changed, watched: Watched) -> list[str]:
    """The kinds of incidents that `of` may say something of."""
    found = watched.causes(run.status)
    return [*found, *([Cause.FLAPPING] if Cause.FAILED in found else [])]


def parameters(run: Changed, watched: Watched) -> dict[str, Any]:
    rate, slow = watched.rules.get(Cause.RATE), watched.rules.get(Cause.SLOWER_THAN)
    share, of = (rate.share, rate.of) if isinstance(rate, alert.rate) else (1.0, 0)
    return {
        "in_a_row": watched.in_a_row,
        "share": share,
        "of": of,
        "looked_at": max(watched.in_a_row, of, WITHIN),
        "changes": CHANGES,
        "within": WITHIN,
        "alike": ALIKE,
        "fewest": FEWEST,
        "took": run.took,
        "matches": bool(run.matched),
        "scheduled_for": run.scheduled_for,
        **outages.parameters(),
        **_limit(slow.limit if isinstance(slow, alert.slower_than) else 1.0),
        **_details(run, watched, slow),
    }


def _limit(limit: timedelta | float) -> dict[str, Any]:
    fixed = limit if isinstance(limit, timedelta) else None
    return {"limit": fixed, "times": 0.0 if isinstance(limit, timedelta) else float(limit)}


def _details(run: Changed, watched: Watched, slow: Any) -> dict[str, str]:
    how = {Status.TIMED_OUT: "timed out", Status.LOST: "were lost" if watched.in_a_row > 1 else "was lost"}
    many = f"{watched.in_a_row} runs in a row" if watched.in_a_row > 1 else "A run"
    limit = getattr(slow, "limit", None)
    bound = format_duration(limit) if isinstance(limit, timedelta) else f"{limit} times what 95 in 100 of its runs take"
    return {
        "failed": f"{many} {'failed' if watched.in_a_row > 1 else how.get(run.status, 'failed')}.",
        "flapping": "It fails and recovers in turn: "
        f"at least {CHANGES} times one or the other within {WITHIN} outcomes.",
        "slow": f"A run took {format_duration(run.took)}, more than {bound}.",
        "matched": f"It wrote: {shorten(run.matched, LONGEST_LINE)}",
        "missed": run.error,
    }


def last_line(error: str) -> str:
    """The last line of an error: of a traceback, the exception."""
    return shorten(next((line for line in reversed(error.splitlines()) if line.strip()), "").strip(), LONGEST_LINE)


def fingerprint(error: str) -> str:
    """The error's last line without its numbers: the same for errors that differ in those only."""
    return NUMBERS.sub("#", last_line(error))[:LONGEST_FINGERPRINT]


# An operator's word that it is done, and the end of flapping: what was before doesn't count again.
_SINCE = "coalesce((SELECT at FROM former WHERE cause = '{cause}'), '-infinity')"
_FLAPPING_SINCE = _SINCE.format(cause="flapping")
_ALIKE = "(SELECT count(*) = %(alike)s AND bool_and(bad) FROM outcomes WHERE place <= %(alike)s)"
_STREAK = f"""
    (SELECT count(*) = %(in_a_row)s AND bool_and(bad) FROM outcomes
      WHERE place <= %(in_a_row)s AND finished_at > {_SINCE.format(cause="failed")})"""  # noqa: S608 — fixed
_FLAPS = f"""
    (NOT {_ALIKE} AND NOT EXISTS (SELECT FROM open WHERE cause = 'failed') AND (
        EXISTS (SELECT FROM open WHERE cause = 'flapping') OR %(changes)s <= (
            SELECT count(*) FILTER (WHERE opened_at >= edge.since)
                   + count(*) FILTER (WHERE resolved_at >= edge.since AND resolution = 'recovered')
              FROM nightshift_incident i, (
                       SELECT greatest(min(finished_at) FILTER (WHERE place = %(within)s), {_FLAPPING_SINCE}) AS since
                         FROM outcomes) AS edge
             WHERE i.job = %(job)s AND i.cause = 'failed')))"""  # noqa: S608 — fixed
_SHARE = f"""
    (SELECT count(*) = %(of)s AND count(*) FILTER (WHERE bad) >= %(share)s * %(of)s FROM outcomes
      WHERE place <= %(of)s AND finished_at > {_SINCE.format(cause="rate")})"""  # noqa: S608 — fixed
# Where a histogram's bucket ends, in seconds: `nightshift_bucket` counts them so.
_P95 = """
    (SELECT interval '1 second' * power(1.1::float8, min(bucket))
       FROM (SELECT bucket, sum(number) OVER (ORDER BY bucket) AS so_far, sum(number) OVER () AS total
               FROM (SELECT key::int AS bucket, sum(value::int) AS number
                       FROM nightshift_jobday d, jsonb_each_text(d.duration)
                      WHERE d.job = %(job)s AND d.day > (clock_timestamp() AT TIME ZONE 'UTC')::date - 30
                      GROUP BY 1) AS counted) AS summed
      WHERE total >= %(fewest)s AND so_far >= 0.95 * total)"""
_SLOW = f"coalesce(%(took)s::interval > coalesce(%(limit)s::interval, {_P95} * %(times)s::float8), false)"


def _failed(_: Changed) -> Iterator[Verdict]:
    detail = "CASE WHEN {flaps} THEN %(flapping)s ELSE %(failed)s END"
    yield Verdict(
        f"CASE WHEN {_FLAPS} THEN 'flapping' ELSE 'failed' END", _STREAK, "false", detail.format(flaps=_FLAPS)
    )
    # It no longer recovers.
    yield Verdict("'flapping'", "false", _ALIKE, "''")


def _rate(_: Changed) -> Iterator[Verdict]:
    detail = (
        "format('%%s of the latest %%s runs failed.', (SELECT count(*) FROM outcomes WHERE bad AND place <= %(of)s),"
    )
    yield Verdict("'rate'", _SHARE, f"NOT {_SHARE}", f"{detail} %(of)s::int)")


def _lost(_: Changed) -> Iterator[Verdict]:
    yield Verdict("'lost'", "true", "false", "'Its supervisor vanished, and the run with it.'")


def _missed(_: Changed) -> Iterator[Verdict]:
    yield Verdict("'missed'", f"NOT {outages.folds('%(scheduled_for)s::timestamptz')}", "false", "%(missed)s")


def _slower_than(_: Changed) -> Iterator[Verdict]:
    yield Verdict("'slower_than'", _SLOW, f"NOT {_SLOW}", "%(slow)s")


def _output_matches(run: Changed) -> Iterator[Verdict]:
    # What failed may have ended before it could write the line.
    closes = "NOT %(matches)s" if run.status is Status.SUCCEEDED else "false"
    yield Verdict("'output_matches'", "%(matches)s", closes, "%(matched)s")


_OF = {
    Cause.FAILED: _failed,
    Cause.RATE: _rate,
    Cause.LOST: _lost,
    Cause.MISSED: _missed,
    Cause.SLOWER_THAN: _slower_than,
    Cause.OUTPUT_MATCHES: _output_matches,
}
