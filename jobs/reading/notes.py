"""Reading notes: newest first."""

from datetime import date

from jobs.models import Note
from jobs.reading import keyset


def of_run(run_id: int) -> list[Note]:
    return list(Note.objects.filter(run=run_id).order_by("-pk"))


def of_job(job: str, limit: int = 50) -> list[Note]:
    """Those of the job, of its runs, and of days about this job."""
    return list(keyset.by_index(Note.objects.all(), job=job)[:limit])


def of_day(day: date, limit: int = 50) -> list[Note]:
    """Those about the day, whichever job they name."""
    return list(Note.objects.filter(day=day).order_by("-pk")[:limit])
