"""Retention against a plain reading of its rules, over random ledgers; and the plans of its statements."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.retention import populate
from jobs import Keep, declare
from jobs.declarations.registry import registry
from jobs.ledger import walking
from jobs.ledger.retention import prune
from jobs.models import Attempt, Event, Gap, JobState, Output, Run
from tests.helpers.rows import NOON

pytestmark = pytest.mark.django_db
# `c` comes after `b`, and `a` is alone.
FAMILY = {"a": "a", "b": "bc", "c": "bc"}
FAILURES = {"failed", "timed_out", "lost"}
STATUSES = ["succeeded", "failed", "timed_out", "lost", "skipped", "cancelled", "queued"]
DAYS = st.integers(1, 12)
KEEPS = st.builds(Keep, days=DAYS, runs=st.integers(1, 4), output_days=DAYS, failed_days=DAYS)
# Job, status, days since its end, whether that was an occurrence, whether it is pinned.
RUNS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.sampled_from(STATUSES), DAYS, st.booleans(), st.sampled_from([False] * 5 + [True])
    ),
    max_size=16,
)


def days_ago(days):
    return NOON - timedelta(days=days)


def write(drawn, watermarks):
    """The ledger that was drawn. An occurrence has one run."""
    rows = {}
    for number, (job, status, days, due, pinned) in enumerate(drawn):
        rows[job, days if due else -number - 1] = Run(
            job=job,
            status=status,
            trigger="schedule",
            finished_at=None if status == "queued" else days_ago(days),
            scheduled_for=days_ago(days) if due else None,
            pinned=pinned,
        )
    runs = Run.objects.bulk_create(rows.values())
    attempts = Attempt.objects.bulk_create(Attempt(run=run, number=1) for run in runs)
    Output.objects.bulk_create(Output(attempt=attempt, number=0, at=NOON, body=b"x") for attempt in attempts)
    JobState.objects.bulk_create(JobState(job=job, ledger_through=days_ago(days)) for job, days in watermarks.items())
    return runs


def plainly(runs, keeps, watermarks):
    """The runs whose rows stay, and those whose output stays."""
    rows, outputs = set(), set()
    for run in runs:
        keep, failed = keeps[run.job], run.status in FAILURES
        newer = sum(other.job == run.job and other.pk > run.pk for other in runs)
        age = None if run.finished_at is None else (NOON - run.finished_at).days
        ended_otherwise = [
            other
            for other in runs
            if other.job in FAMILY[run.job] and other.scheduled_for == run.scheduled_for and other.finished_at is None
        ]
        unsettled = [
            job
            for job in FAMILY[run.job]
            if run.scheduled_for and run.scheduled_for > days_ago(watermarks.get(job, -1))
        ]
        stays = age is None or run.pinned
        if (
            stays
            or newer < keep.runs
            or age <= (keep.failed_days if failed else keep.days)
            or (run.scheduled_for and (ended_otherwise or unsettled))
        ):
            rows.add(run.pk)
        if stays or newer == 0 or age <= (keep.failed_days if failed else min(keep.days, keep.output_days)):
            outputs.add(run.pk)
    return rows, outputs & rows


@settings(max_examples=60)
@given(drawn=RUNS, keep=KEEPS, of_a=KEEPS, watermarks=st.dictionaries(st.sampled_from("abc"), DAYS))
def test_what_stays_is_what_the_rules_say_in_plain_words(drawn, keep, of_a, watermarks):
    with transaction.atomic(), registry.isolated(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(walking, "REST", 0)
        declare("a", keep=of_a)
        declare("b")
        declare("c", after="b")
        runs = write(drawn, watermarks)
        prune(keep, now=NOON)
        rows, outputs = plainly(runs, {"a": of_a, "b": keep, "c": keep}, watermarks)
        assert set(Run.objects.values_list("pk", flat=True)) == rows
        assert set(Output.objects.values_list("attempt__run_id", flat=True)) == outputs
        transaction.set_rollback(True)


LARGE = {f"nightshift_{name}" for name in ("run", "attempt", "output", "gap", "event")}


def whole(plan):
    """The tables that a plan reads whole, by themselves or by an index of all their rows."""
    by_index = "Index Cond" in plan or plan.get("Index Name") == "active_runs"
    reads = plan["Node Type"].endswith(("Seq Scan", "Index Scan", "Index Only Scan")) and not by_index
    found = {plan["Relation Name"]} if reads and "Relation Name" in plan else set()
    return found.union(*map(whole, plan.get("Plans", [])))


def test_no_statement_of_a_prune_reads_a_large_table_whole(monkeypatch):
    monkeypatch.setattr(walking, "REST", 0)
    Event.objects.bulk_create(Event(kind="release", message="x", at=days_ago(days)) for days in range(1500))
    Gap.objects.bulk_create(
        Gap(job="job_1", first=days_ago(days), last=days_ago(days), count=1, fate="missed", reason="too_late")
        for days in range(1500)
    )
    populate(2_000, stay=1_500)
    asked = {}

    def note(execute, statement, parameters, *rest):
        asked[statement] = parameters
        return execute(statement, parameters, *rest)

    with connection.execute_wrapper(note):
        gone = prune(Keep(days=90, runs=5))
    assert min(gone.runs, gone.outputs, gone.gaps, gone.events) > 0
    found = {}
    with connection.cursor() as cursor:
        # These tables are small: where one is still read whole, no index would serve a large one.
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement, parameters in asked.items():
            if any(f"{word} nightshift_" in statement for word in ("FROM", "UPDATE", "JOIN")):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
                found[statement] = whole(cursor.fetchone()[0][0]["Plan"]) & LARGE
    assert len(found) > 10
    assert {statement: tables for statement, tables in found.items() if tables} == {}
