"""Old output, runs, and what explains them, go in batches beside what is at work, by `keeping`'s rules.

The order is safe at each point: output before its run, with a note on the attempt; a job's ledger begins later before
what it began with goes; what hangs on a run goes with it, by the database's own keys.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.utils import timezone

from jobs.conf import conf
from jobs.declarations.keep import Keep
from jobs.declarations.registry import registry
from jobs.ledger import idempotency, keeping, pipelines, releases, retained, retained_others, sessions, sql, states
from jobs.ledger.beginnings import Beginnings, NewestRuns
from jobs.ledger.keeping import Rules
from jobs.ledger.walking import Stopped, walk


@dataclass(kw_only=True, slots=True)
class Pruned:
    """How much went, or would go. `outputs` counts attempts whose output went before their run.

    `is_complete` is False where it was asked to stop: the next call goes on.
    """

    outputs: int = 0
    runs: int = 0
    attempts: int = 0
    gaps: int = 0
    repairs: int = 0
    notes: int = 0
    events: int = 0
    interventions: int = 0
    incidents: int = 0
    is_complete: bool = True


def of_settings() -> Keep:
    """How long the runs of a job are kept that declares nothing of it."""
    return Keep(
        days=conf.JOBS_KEEP_DAYS,
        runs=conf.JOBS_KEEP_RUNS,
        output_days=conf.JOBS_KEEP_OUTPUT_DAYS,
        failed_days=conf.JOBS_KEEP_FAILED_DAYS,
    )


def prune(
    defaults: Keep = Keep(),  # noqa: B008 — it can't be changed
    *,
    dry_run: bool = False,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Pruned], object] = lambda pruned: None,
    now: datetime | None = None,
) -> Pruned:
    """Delete what is older than it is kept: by the jobs' declarations, then by `defaults`, then by the settings.

    With `dry_run` nothing is deleted. `stop` is asked between two batches, and `report` gets what went so far.
    """
    pruned = Pruned()
    try:
        with sessions.ours():
            # A clock that is far ahead would call everything old: both have to.
            moment = now or min(timezone.now(), states.clock())
            rules, newest = _rules(defaults.over(of_settings()), moment)
            for _ in _pruned(rules, newest, pruned, stop, dry_run):
                report(pruned)
    except Stopped:
        pruned.is_complete = False
    return pruned


def _pruned(
    rules: Rules, newest: NewestRuns, pruned: Pruned, stop: Callable[[], bool], dry_run: bool
) -> Iterator[None]:
    """Delete, and count what went, batch by batch."""
    beginnings = Beginnings(rules, newest)
    ages = [rules.ages(name) for name in ["", *registry]]
    output = rules.now - min(min(each.output, each.shortest_of_a_run) for each in ages)
    run = rules.now - min(each.shortest_of_a_run for each in ages)
    other = rules.now - min(each.longest for each in ages)
    latest = None
    for pieces in walk(retained.outputs(rules, newest), output, stop=stop, dry_run=dry_run):
        attempts = [piece.attempt_id for piece in pieces]
        # The first may go on where the batch before ended.
        pruned.outputs += len(dict.fromkeys(attempts)) - (attempts[:1] == [latest])
        latest = attempts[-1] if attempts else latest
        yield
    for runs in walk(retained.runs(rules, newest, beginnings), run, stop=stop, dry_run=dry_run):
        pruned.runs += len(runs)
        pruned.attempts += sum(each.attempts for each in runs)
        yield
    for gaps in walk(retained_others.gaps(rules, beginnings), other, stop=stop, dry_run=dry_run):
        pruned.gaps += len(gaps)
        yield
    for repairs in walk(retained_others.repairs(rules), other, stop=stop, dry_run=dry_run):
        pruned.repairs += len(repairs)
        yield
    for notes in walk(retained_others.notes(rules), other, stop=stop, dry_run=dry_run):
        pruned.notes += len(notes)
        yield
    for events in walk(retained_others.events(rules), other, stop=stop, dry_run=dry_run):
        pruned.events += len(events)
        yield
    for interventions in walk(retained_others.interventions(rules), other, stop=stop, dry_run=dry_run):
        pruned.interventions += len(interventions)
        yield
    for incidents in walk(retained_others.incidents(rules), other, stop=stop, dry_run=dry_run):
        pruned.incidents += len(incidents)
        yield
    keys = rules.now - idempotency.KEPT
    for _ in walk(retained_others.idempotency_keys(keys), keys, stop=stop, dry_run=dry_run):
        yield


def _rules(defaults: Keep, now: datetime) -> tuple[Rules, NewestRuns]:
    """What the ledger is now, as far as the rules ask. In this order: a job that is settled meanwhile is kept by its
    old watermark, whatever becomes of its occurrence."""
    settled = dict(sql.rows("SELECT job, ledger_through FROM nightshift_jobstate WHERE ledger_through IS NOT NULL"))
    active = sql.rows(
        "SELECT job, scheduled_for, chained_from_id FROM nightshift_run WHERE status IN ('queued', 'running')"
    )
    unfinished: dict[datetime, set[str]] = {}
    for job, occurrence, _ in active:
        if occurrence is not None:
            unfinished.setdefault(occurrence, set()).add(job)

    elsewhere = releases.elsewhere()

    @cache
    def ages(job: str) -> keeping.Ages:
        declared = registry.get(job) or elsewhere.get(job)
        return keeping.ages(declared.keep if declared else Keep(), defaults)

    newest = NewestRuns(ages)
    rules = Rules(
        now=now,
        ages=ages,
        family=pipelines.current().families(),
        newest=newest,
        settled=settled,
        unfinished=unfinished,
        awaited={run for _, _, run in active if run is not None},
    )
    return rules, newest
