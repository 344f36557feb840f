"""Try a rule of alerts on what the ledger holds of a job's latest 30 days: which incidents it would have opened."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from jobs.choices import Cause, Fate, InterventionKind, Reason, Status
from jobs.declarations import alert
from jobs.declarations.alert import Alert, as_text
from jobs.declarations.job import Job
from jobs.formats import counted
from jobs.ledger import watched
from jobs.ledger.verdicts import FEWEST
from jobs.ledger.watched import OUTCOMES, Watched
from jobs.models import Gap, Intervention, JobDay, JobState, Run
from jobs.models.job_day import GAMMA
from jobs.reading import keyset, trial
from jobs.reading.histogram import Histogram
from jobs.reading.trial import Day, Ended, Found, Span

DAYS = timedelta(days=30)
DAY = timedelta(days=1)
# More runs, and gaps, aren't looked at; and so many before them, for rules that look back.
MOST, BEFORE = 10_000, 400
STATUSES = {status.value: status for status in Status}
EXCUSES = frozenset({Reason.PAUSED, Reason.HELD, Reason.DISABLED})
OUTPUT = (
    "Output isn't searched afterwards: parts of it may be deleted by now. Look for the pattern in a run's output, and "
    "see which incidents it opens from now on."
)
OURS = (
    "Occurrences that were missed while Nightshift itself was away count here. They are part of that outage's incident."
)
P95 = "What is usual is known by the day: the p95 of a run is that of the 30 days before its own."
RETRIED = "Of {runs} that were retried only the last attempt's start is known here."


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What a rule would have found from `since` to `until`, in `runs` runs. `notes` say what it can't know."""

    job: str
    rule: str
    since: datetime
    until: datetime
    runs: int
    incidents: list[Found]
    notes: list[str]

    @property
    def summary(self) -> str:
        number, still = len(self.incidents), sum(found.resolved_at is None for found in self.incidents)
        if not number:
            return "It would have opened no incident."
        return f"It would have opened {counted(number, 'incident')}; {still or 'none'} would be open now."


class _Row(NamedTuple):
    id: int
    status: str
    finished_at: datetime | None
    started_at: datetime | None = None
    reason: str = ""
    scheduled_for: datetime | None = None
    attempt: int = 1
    yields: bool = False


# Rules that look at how runs ended need no more of thousands of rows; reading them is most of what a trial takes.
OF_ENDS, OF_TIMES = _Row._fields[:3], _Row._fields[:4]
FIELDS: dict[type[Alert], Sequence[str]] = {
    **dict.fromkeys((alert.failed, alert.rate, alert.lost, alert.missed), OF_ENDS),
    alert.slower_than: OF_TIMES,
}


def try_rule(job: Job, rule: Alert, now: datetime) -> Trial:
    """`now` is the database's clock. About seven queries."""
    since, notes = now - DAYS, []
    first = keyset.first_id_since(Run, "created_at", since)
    fields = FIELDS.get(type(rule), _Row._fields)
    runs = keyset.by_index(Run.objects.all(), job=job.name)
    rows = _rows(runs.filter(pk__gte=first), fields, MOST + 1)
    if len(rows) > MOST:
        rows = rows[1:]
        since = _created_at(rows[0])
        notes.append(f"It has run often: only the latest {MOST:,} runs were looked at.")
    before = _rows(runs.filter(pk__lt=rows[0].id if rows else first), fields, BEFORE)
    if rows and not before and (begins := _created_at(rows[0])) - since > DAY:
        notes.append(f"The ledger has no run of it from before {begins:%Y-%m-%d}.")
    found, said = _judged(_Past(job, rule, since, now, rows, before))
    return Trial(
        job=job.name,
        rule=as_text(rule),
        since=since,
        until=now,
        runs=len(rows),
        incidents=[each for each in found if each.resolved_at is None or each.resolved_at >= since],
        notes=[*notes, *said],
    )


def facts(found: Trial) -> dict[str, Any]:
    """As the commands and the API write it."""
    return {
        "job": found.job,
        "rule": found.rule,
        "since": found.since,
        "until": found.until,
        "runs": found.runs,
        "summary": found.summary,
        "incidents": [asdict(each) | {"cause": each.cause.value} for each in found.incidents],
        "notes": found.notes,
    }


class _Past(NamedTuple):
    """What a trial looks at: of the job, of the time, and its runs, oldest first."""

    job: Job
    rule: Alert
    since: datetime
    now: datetime
    rows: list[_Row]
    before: list[_Row]

    @property
    def watched(self) -> Watched:
        return watched.trying(self.job.name, self.rule)


def _rows(rows: Any, fields: Sequence[str], most: int) -> list[_Row]:
    """Oldest first, with these fields."""
    return [_Row(*row) for row in rows.values_list(*fields)[:most]][::-1]


def _created_at(row: _Row) -> datetime:
    return Run.objects.values_list("created_at", flat=True).get(pk=row.id)


def _judged(past: _Past) -> tuple[list[Found], list[str]]:
    """The incidents, and what is to be said of how they were found."""
    rule, now = past.rule, past.now
    match rule:
        case alert.output_matches():
            return [], [OUTPUT]
        case alert.must_succeed_by():
            return _must_succeed_by(past, rule), []
        case alert.not_succeeded_for():
            return _not_succeeded_for(past, rule), []
        case alert.late_start():
            spans, notes = _waits(past, rule.after)
            return trial.by_spans(rule.cause, spans, rule.after, "A run hadn't started in time.", now), notes
        case alert.still_running():
            spans = [Span(begin=row.started_at, end=row.finished_at, run=row.id) for row in past.rows if row.started_at]
            return trial.by_spans(rule.cause, spans, rule.after, "A run was still at work.", now), _of_retried(past)
        case alert.forgotten_pause():
            pauses = [_span(each, now) for each in _interventions(past, InterventionKind.PAUSE) if each.until is None]
            return trial.by_spans(rule.cause, pauses, rule.after, "It was paused, and no end was set.", now), []
        case alert.drift():
            overrides = [_span(each, now) for each in _interventions(past, InterventionKind.OVERRIDE)]
            return trial.by_spans(rule.cause, overrides, rule.after, "An override was in force.", now), []
    ends = sorted([*_ended(past.rows), *_gaps_as_ends(past)], key=lambda end: end.at)
    before = sorted((end for end in _ended(past.before) if end.status in OUTCOMES), key=lambda end: end.at)
    notes = {Cause.MISSED: [OURS], Cause.SLOWER_THAN: [P95]}.get(rule.cause, [])
    if isinstance(rule, alert.slower_than) and isinstance(rule.limit, timedelta):
        notes = []
    return trial.by_ends(rule, past.watched, before, ends, _p95_of(past)), notes


def _ended(rows: Sequence[_Row]) -> Iterator[Ended]:
    for row in rows:
        if row.finished_at:
            took = row.finished_at - row.started_at if row.started_at else None
            yield Ended(row.finished_at, STATUSES[row.status], row.id, took)


def _gaps(past: _Past) -> list[Gap]:
    rows = keyset.by_index(Gap.objects.all(), job=past.job.name).filter(fate=Fate.MISSED, last__gte=past.since)
    return list(rows[:MOST])


def _gaps_as_ends(past: _Past) -> list[Ended]:
    if past.rule.cause is not Cause.MISSED:
        return []
    return [Ended(at=gap.recorded_at, status=Status.MISSED) for gap in _gaps(past) if gap.reason == Reason.TOO_LATE]


def _interventions(past: _Past, *kinds: InterventionKind) -> list[Intervention]:
    rows = Intervention.objects.filter(job__in=[past.job.name, ""], kind__in=kinds).order_by("began_at")
    return [each for each in rows if (end := _span(each, past.now).end) is None or end >= past.since]


def _span(found: Intervention, now: datetime) -> Span:
    """One that is in force has no end yet."""
    end = found.ended_at or (found.until if found.until and found.until <= now else None)
    return Span(begin=found.began_at, end=end)


def _pauses(past: _Past) -> list[Span]:
    return [_span(each, past.now) for each in _interventions(past, InterventionKind.PAUSE, InterventionKind.HOLD)]


def _is_paused(pauses: Sequence[Span], at: datetime) -> bool:
    return any(pause.begin <= at and (pause.end is None or pause.end > at) for pause in pauses)


def _waits(past: _Past, after: timedelta) -> tuple[list[Span], list[str]]:
    pauses = _pauses(past)
    spans = [
        Span(begin=row.scheduled_for, end=row.started_at or row.finished_at, run=row.id)
        for row in past.rows
        if row.scheduled_for and not row.yields and row.attempt <= 1 and row.status != Status.SKIPPED
    ]
    return [span for span in spans if not _is_paused(pauses, span.begin + after)], _of_retried(past)


def _of_retried(past: _Past) -> list[str]:
    retried = sum(row.attempt > 1 for row in past.rows)
    return [RETRIED.format(runs=counted(retried, "run"))] if retried else []


def _successes(rows: Sequence[_Row]) -> list[tuple[Ended, datetime | None]]:
    found = [(Ended(at=row.finished_at, status=Status.SUCCEEDED, id=row.id), row.scheduled_for) for row in rows
             if row.status == Status.SUCCEEDED and row.finished_at]  # fmt: skip
    return sorted(found, key=lambda each: each[0].at)


def _not_succeeded_for(past: _Past, rule: alert.not_succeeded_for) -> list[Found]:
    successes = [end for end, _ in _successes(past.rows)]
    last = [end.at for end, _ in _successes(past.before)][-1:]
    begun = JobState.objects.filter(job=past.job.name).values_list("ledger_from", flat=True).first()
    oldest = [_created_at(row) for row in (*past.before, *past.rows)[:1]]
    base = (last or ([begun] if begun else oldest) or [past.now])[0]
    return trial.not_succeeded_for(rule.after, base, successes, _pauses(past), past.now)


def _must_succeed_by(past: _Past, rule: alert.must_succeed_by) -> list[Found]:
    schedule = past.watched.schedule
    if schedule is None:
        return []
    zone, pauses = schedule.zone, _pauses(past)
    due = sorted(_due(past))
    excused = [row.scheduled_for for row in past.rows if row.scheduled_for and row.reason in EXCUSES]
    days = []
    for number in range((past.now.astimezone(zone).date() - past.since.astimezone(zone).date()).days + 1):
        day = past.since.astimezone(zone).date() + number * DAY
        begin, until = (datetime.combine(each, rule.time, zone) for each in (day - DAY, day))
        if past.since <= until <= past.now:
            first = next((max(each, begin) for each, last in due if each <= until and last > begin), None)
            is_excused = _is_paused(pauses, until) or any(begin < at <= until for at in excused)
            days.append(Day(until, first, is_excused))
    return trial.must_succeed_by(days, _successes([*past.before, *past.rows]), f"{rule.at} ({zone.key})")


def _due(past: _Past) -> Iterator[tuple[datetime, datetime]]:
    """What was due: from the first moment to the last one."""
    for row in past.rows:
        if row.scheduled_for and row.status != Status.SKIPPED:
            yield row.scheduled_for, row.scheduled_for
    roots = [name for name in past.watched.family if name != past.job.name]
    if roots:
        rows = Run.objects.filter(job__in=roots, scheduled_for__gte=past.since - DAY).exclude(status=Status.SKIPPED)
        for at in rows.values_list("scheduled_for", flat=True)[:MOST]:
            assert at is not None
            yield at, at
    for gap in _gaps(past):
        if gap.reason != Reason.UNSCHEDULED:
            yield gap.first, gap.last


def _p95_of(past: _Past) -> Callable[[datetime], timedelta | None]:
    """What 95 in 100 runs took of those that ended in the 30 days before a moment's own."""
    if past.rule.cause is not Cause.SLOWER_THAN:
        return lambda moment: None
    rows = JobDay.objects.filter(job=past.job.name, day__gte=past.since.date() - DAYS).values_list("day", "duration")
    histograms = [(day, Histogram.of([counts])) for day, counts in rows]

    @cache
    def of_day(day: date) -> timedelta | None:
        total = Histogram()
        for each, counts in histograms:
            if day - DAYS <= each < day:
                total.update(counts)
        number, so_far = total.total(), 0
        for bucket in sorted(total):
            so_far += total[bucket]
            if number >= FEWEST and so_far >= 0.95 * number:
                return timedelta(seconds=GAMMA**bucket)
        return None

    return lambda moment: of_day(moment.date())
