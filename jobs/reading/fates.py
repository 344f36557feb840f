"""What became of a job, newest first: its runs, and the gaps between them, a page at a time.

Runs and gaps are read by their ids, each by an index that ends with it, and merged by the moments that they stand for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.choices import Fate, Status
from jobs.ledger import sql
from jobs.models import Run
from jobs.reading.board import BAD
from jobs.reading.keyset import first_id_since
from jobs.reading.year import BY_ITSELF, COUNTED_AS_LATE, RAN

# A run that ended on a day was asked for at most so long before.
LONGEST = timedelta(days=1)
# What a ledger can be narrowed to, by the word in the address.
SHOWN: dict[str, tuple[str, ...]] = {
    "": (),
    "ran": tuple(sorted(RAN)),
    "ok": (Status.SUCCEEDED,),
    "wrong": tuple(sorted(BAD)),
    "skipped": (Status.SKIPPED,),
    "missed": (Status.MISSED,),
    "without a run": tuple(Fate),
}
# And by what it was for: what a month's counts tell apart.
_BY_ITSELF = ", ".join(f"'{trigger.value}'" for trigger in sorted(BY_ITSELF))
_FIRST_START = "(SELECT a.started_at FROM nightshift_attempt a WHERE a.run_id = r.id AND a.number = 1)"
PURPOSES: dict[str, str] = {
    "": "",
    "due": f"AND r.trigger IN ({_BY_ITSELF})",
    "late": f"AND r.trigger IN ({_BY_ITSELF}) AND {_FIRST_START} > r.scheduled_for + %(late)s",
    "asked for": f"AND r.trigger NOT IN ({_BY_ITSELF})",
}
# Of these purposes are gaps, too.
OF_GAPS = frozenset({"", "due"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A run, or `count` occurrences without one, from `at` to `last`. `says` is why, or what came of it."""

    fate: str
    at: datetime
    last: datetime
    count: int = 1
    run: int | None = None
    gap: int | None = None
    seconds: float | None = None
    reason: str = ""
    by: str = ""
    says: str = ""
    trigger: str = ""
    release: str = ""

    @property
    def duration(self) -> timedelta | None:
        return None if self.seconds is None else timedelta(seconds=max(self.seconds, 0.0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """`older` is where the next page begins: below this run, and below this gap; None where nothing is older."""

    entries: Sequence[Entry]
    older: tuple[int, int] | None = None


# Above each id.
TOP = 2**63 - 1


def fates(
    job: str,
    count: int,
    *,
    below: tuple[int, int] = (TOP, TOP),
    shown: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    purpose: str = "",
) -> Page:
    """The newest entries below a run and a gap: all, or those with a fate, of one of PURPOSES, or of a stretch of time.

    One query; three for a stretch of time.
    """
    run, gap, lowest = *below, 0
    if since and until:
        lowest = first_id_since(Run, "created_at", since - LONGEST)
        run = min(run, first_id_since(Run, "created_at", until))
    parts = list(_of_runs(shown, since, purpose))
    if purpose in OF_GAPS:
        parts += _of_gaps(shown, since)
    rows = sql.rows(
        " UNION ALL ".join(parts) or "SELECT WHERE false",
        {
            "job": job,
            "run": run,
            "gap": gap,
            "lowest": lowest,
            "since": since,
            "until": until,
            "late": COUNTED_AS_LATE,
            "count": count + 1,
        },
    )
    entries = [_entry(row) for row in rows]
    return _merged(
        sorted((each for each in entries if each.run is not None), key=lambda each: -(each.run or 0)),
        sorted((each for each in entries if each.gap is not None), key=lambda each: -(each.gap or 0)),
        count,
        below,
    )


def these(runs: Sequence[int], gaps: Sequence[int]) -> list[Entry]:
    """The runs and gaps with these numbers, newest first. One query."""
    rows = sql.rows(
        f"""
        SELECT {RUN} WHERE r.id = ANY(%(runs)s)
         UNION ALL
        SELECT {GAP} WHERE g.id = ANY(%(gaps)s)
        """,
        {"runs": list(runs), "gaps": list(gaps)},
    )
    return sorted(map(_entry, rows), key=lambda each: each.at, reverse=True)


# Of an entry's columns, where they come from.
RUN = """'run', r.id, r.status, coalesce(r.scheduled_for, r.created_at), coalesce(r.scheduled_for, r.created_at),
               1, extract(epoch FROM r.finished_at - r.started_at)::float, r.reason,
               coalesce(nullif(r.cancelled_by, ''), r.requested_by),
               coalesce(nullif(left(r.error, 300), ''), left(r.result #>> '{}', 300), ''), r.trigger,
               coalesce(a.release, '')
          FROM nightshift_run r LEFT JOIN nightshift_attempt a ON a.run_id = r.id AND a.number = r.attempt"""
GAP = """'gap', g.id, g.fate, g.first, g.last, g.count, NULL, g.reason, g.by, g.note, '', ''
          FROM nightshift_gap g"""


def _of_runs(shown: Sequence[str], since: datetime | None, purpose: str) -> Iterator[str]:
    # An index ends with the id for each job, and for each job and status other than success.
    ended = (
        "AND coalesce(r.finished_at, r.created_at) >= %(since)s AND coalesce(r.finished_at, r.created_at) < %(until)s"
    )
    for status in shown or ("",):
        order = "r.status, r.job, r.id DESC" if status and status != Status.SUCCEEDED else "r.job, r.id DESC"
        yield f"""(
        SELECT {RUN}
         WHERE r.job >= %(job)s AND r.job <= %(job)s AND r.id < %(run)s AND r.id >= %(lowest)s
               {f"AND r.status = '{Status(status)}'" if status else ""} {ended if since else ""} {PURPOSES[purpose]}
         ORDER BY {order} LIMIT %(count)s)"""


def _of_gaps(shown: Sequence[str], since: datetime | None) -> Iterator[str]:
    wanted = [fate for fate in Fate if not shown or fate in shown]
    if not wanted:
        return
    known = ", ".join(f"'{fate.value}'" for fate in wanted)
    yield f"""(
        SELECT {GAP}
         WHERE g.job >= %(job)s AND g.job <= %(job)s AND g.id < %(gap)s AND g.fate IN ({known})
               {"AND g.last >= %(since)s AND g.first < %(until)s" if since else ""}
         ORDER BY g.job, g.id DESC LIMIT %(count)s)"""


def _entry(row: Sequence[object]) -> Entry:
    kind, number, *others = row
    names = ("fate", "at", "last", "count", "seconds", "reason", "by", "says", "trigger", "release")
    return Entry(**{"run" if kind == "run" else "gap": number}, **dict(zip(names, others, strict=True)))  # type: ignore[arg-type]


def _merged(runs: list[Entry], gaps: list[Entry], count: int, below: tuple[int, int]) -> Page:
    """The latest of both, each in the order of its ids: what is left out of either is below the last one taken."""
    found: list[Entry] = []
    run, gap = below
    while len(found) < count and (runs or gaps):
        take = runs if runs and (not gaps or runs[0].at >= gaps[0].last) else gaps
        entry = take.pop(0)
        found.append(entry)
        run, gap = entry.run or run, entry.gap or gap
    return Page(entries=found, older=(run, gap) if runs or gaps else None)
