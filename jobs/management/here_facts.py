"""Rows of this project's ledger as its commands read them; the API gives the same afar."""

from datetime import date

from jobs.commandline.ledger import Facts
from jobs.ledger import holds, in_force
from jobs.models import Gap, Intervention, Note
from jobs.reading.overview import Overview, run_facts


def job_facts(row: Overview) -> Facts:
    last = row.last_run
    return {name: getattr(row, name) for name in Overview.__slots__} | {"last_run": run_facts(last) if last else None}


def gap_facts(gap: Gap) -> Facts:
    names = ("id", "job", "fingerprint", "first", "last", "count", "fate", "reason", "by", "note")
    found = {name: getattr(gap, name) for name in names}
    return found | {"blocked_by": gap.blocked_by_id, "recorded_at": gap.recorded_at}


def held_facts(found: Intervention | None) -> Facts:
    names = ("by", "reason", "all_starts", "began_at", "until", "ended_at", "ended_by")
    swallowed = holds.swallowed(found) if found else []
    return {
        "is_held": in_force.hold() is not None,
        **{name: getattr(found, name, None) for name in names},
        "swallowed": [gap_facts(gap) for gap in swallowed],
    }


def note_facts(note: Note) -> Facts:
    return {"at": note.at, "by": note.by, "job": note.job, "run": note.run_id, "day": note.day, "text": note.text}


def day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.count("-") == 2 else None
    except ValueError:
        return None
