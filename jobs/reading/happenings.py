"""Who did what with a job: its latest events, and what people noted. One query for both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs.choices import EventKind
from jobs.ledger import sql


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, or a note. `text` is its sentence; `run` the run that it is about."""

    id: int
    at: datetime
    by: str
    text: str
    run: int | None
    kind: str
    door: str
    count: int


def happenings(job: str, events: int, notes: int) -> tuple[Sequence[Happening], Sequence[Happening]]:
    """The latest events without those that only say that somebody wrote a note, and the latest notes; newest first."""
    rows = sql.rows(
        """
        (SELECT 'event', id, at, by, message, run_id, kind, door, count FROM nightshift_event e
          WHERE e.job >= %(job)s AND e.job <= %(job)s AND kind <> %(noted)s ORDER BY e.job, id DESC LIMIT %(events)s)
        UNION ALL
        (SELECT 'note', id, at, by, text, run_id, '', '', 1 FROM nightshift_note n
          WHERE n.job >= %(job)s AND n.job <= %(job)s ORDER BY n.job, id DESC LIMIT %(notes)s)
        """,
        {"job": job, "noted": EventKind.NOTED, "events": events, "notes": notes},
    )
    found: dict[str, list[Happening]] = {"event": [], "note": []}
    for kind, *values in sorted(rows, key=lambda row: -row[1]):
        found[kind].append(Happening(*values))
    return found["event"], found["note"]
