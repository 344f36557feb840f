"""JobDay counted again from the runs and gaps that the ledger still holds."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from typing import Any

from jobs.choices import Trigger
from jobs.ledger import sql, statistics
from jobs.ledger.statistics import Key, Swallowed
from jobs.models import JobDay

COUNTS = tuple(
    field.name for field in JobDay._meta.local_concrete_fields if field.name not in {"job", "day", "trigger"}
)


def written(since: date, until: date) -> dict[Key, dict[str, Any]]:
    """What is counted of the days from `since` to before `until`. Rows that count nothing are left out."""
    return _by_key(JobDay.objects.filter(day__gte=since, day__lt=until).values("job", "day", "trigger", *COUNTS))


def recounted(since: date, until: date) -> dict[Key, dict[str, Any]]:
    """What the ledger says now of these days."""
    rows = JobDay.objects.raw("SELECT * FROM nightshift_recounted(%s, %s)", [since, until])
    found = {(row.job, row.day, Trigger(row.trigger)): _counts(vars(row)) for row in rows}
    for key, reasons in statistics.counted(_gaps(since, until)).items():
        if since <= key[1] < until:
            found.setdefault(key, _counts(vars(JobDay())))["gaps"] = dict(reasons)
    return found


def differences(since: date, until: date) -> Iterator[tuple[Key, dict[str, tuple[Any, Any]]]]:
    """Each job, day and trigger of which something is counted otherwise than the ledger says: (counted, recounted)."""
    counted, ledger = written(since, until), recounted(since, until)
    nothing = _counts(vars(JobDay()))
    for key in sorted(counted.keys() | ledger.keys()):
        one, other = counted.get(key, nothing), ledger.get(key, nothing)
        if one != other:
            yield key, {name: (one[name], other[name]) for name in COUNTS if one[name] != other[name]}


def _gaps(since: date, until: date) -> Iterator[Swallowed]:
    found = sql.rows(
        "SELECT job, reason, fingerprint, first, last, count FROM nightshift_gap WHERE last >= %s AND first < %s",
        [datetime.combine(since, time(), UTC), datetime.combine(until, time(), UTC)],
    )
    return (Swallowed(*row) for row in found)


def _by_key(rows: Iterable[dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    nothing = _counts(vars(JobDay()))
    found = {(row["job"], row["day"], Trigger(row["trigger"])): _counts(row) for row in rows}
    return {key: counts for key, counts in found.items() if counts != nothing}


def _counts(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in COUNTS}
