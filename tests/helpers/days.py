"""Whether JobDay counts what the ledger holds: counted here row by row, apart from the product's own recount."""

import math
from collections import Counter, defaultdict
from datetime import UTC, date, timedelta
from itertools import chain

from django.db import connection

from jobs.choices import ENDED
from jobs.ledger import recounting
from jobs.models import Gap, JobDay, Run
from jobs.schedule.occurrences import Schedule

NOTHING = timedelta(0)


def count_ends():
    """Let the database count the ends of this transaction, as at its commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def assert_days_are_counted_right():
    count_ends()
    found = list(recounting.differences(date.min, date.max))
    assert not found, found
    expected, counted = runs_and_gaps_by_day(), as_written()
    assert expected == counted, (expected, counted)


def as_written():
    found = {}
    for row in JobDay.objects.all():
        statuses = {status: getattr(row, status) for status in ENDED if getattr(row, status)}
        counts = (
            statuses,
            row.retries,
            row.warnings,
            row.duration,
            row.duration_sum,
            row.lateness,
            row.lateness_sum,
            row.gaps,
        )
        if any(counts):
            found[row.job, row.day, row.trigger] = counts
    return found


def runs_and_gaps_by_day():
    runs, gaps = defaultdict(list), defaultdict(Counter)
    for run in Run.objects.filter(finished_at__isnull=False).prefetch_related("attempts"):
        runs[run.job, run.finished_at.date(), run.trigger].append(run)
    for gap in Gap.objects.all():
        trigger = "chain" if gap.reason == "predecessor" else "schedule"
        for day, count in days_of(gap):
            gaps[gap.job, day, trigger][gap.reason] += count
    return {key: (*_counts(runs[key]), dict(gaps[key])) for key in {*runs, *gaps}}


def days_of(gap):
    day, last = gap.first.astimezone(UTC).date(), gap.last.astimezone(UTC).date()
    if day == last:
        return [(day, gap.count)]
    schedule = Schedule.of_fingerprint(gap.fingerprint)
    after, found = gap.first - timedelta(microseconds=1), []
    while after < gap.last:
        end = after.replace(hour=23, minute=59, second=59, microsecond=999999)
        if end == after:
            end += timedelta(days=1)
        until = min(end, gap.last)
        if count := schedule.count(after, until):
            found.append((until.date(), count))
        after = until
    return found


def _counts(runs):
    took = [run.duration for run in runs if run.status == "succeeded"]
    first = (attempt for run in runs for attempt in run.attempts.all() if attempt.number == 1)
    due = {run.pk: run.scheduled_for for run in runs if run.scheduled_for}
    late = [max(each.started_at - due[each.run_id], NOTHING) for each in first if each.run_id in due]
    retries = sum(max(run.attempt - 1, 0) for run in runs)
    return (
        dict(Counter(run.status for run in runs)),
        retries,
        sum(attempt.warnings for run in runs for attempt in run.attempts.all()),
        *chain(*((_histogram(times), sum(times, NOTHING)) for times in (took, late))),
    )


def _histogram(times):
    return dict(Counter(str(math.ceil(math.log(max(each.total_seconds(), 0.001)) / math.log(1.1))) for each in times))
