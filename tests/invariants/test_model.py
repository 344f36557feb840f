"""Random histories: whatever happens, in whatever order, the ledger keeps what it promises.

Time is moved: the statements find a `clock_timestamp()` of the test's in a schema that comes before PostgreSQL's own.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from jobs import (
    claims,
    clocks,
    instance,
    operators,
    overrides,
    releases,
    rewinding,
    sight,
    states,
    tick,
    transitions,
    triggers,
)
from jobs.declarations import declare, registry
from jobs.models import Attempt, Gap, JobState, Run
from jobs.serve import serve
from jobs.transitions import Outcome
from jobs.words import EDGES, ENDED, AttemptStatus, Status, Trigger
from tests.rows import first_seen_at, settled_ticks

pytestmark = pytest.mark.invariant

START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)  # the clocks of Europe change in the night that follows
SCHEDULES = ["*/10 * * * * *", "0 * * * * *", "0 */7 * * * *", "0 30 2 * * *", "0 0 0 30 2 *"]
ZONES = ["UTC", "Europe/Berlin", "Australia/Lord_Howe"]
POLICIES = ["skip", "queue", "allow", "replace"]
ENDS = [AttemptStatus.SUCCEEDED, AttemptStatus.FAILED, AttemptStatus.TIMED_OUT, AttemptStatus.INTERRUPTED]


def moved_clock(connection):
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE SCHEMA moved;
            CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
                AS $$ SELECT current_setting('moved.now')::timestamptz $$;
            SET LOCAL search_path = moved, pg_catalog, public;
            """
        )


class Ledger(RuleBasedStateMachine):
    """Three jobs: two with drawn rules, and a step after the second."""

    claims = Bundle("claims")

    def __init__(self):
        super().__init__()
        self.now = START
        self.disabled = set()
        self.seen = {}
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        moved_clock(connection)
        self.set_clock()

    def set_clock(self):
        clocks.elapsed = self.now.timestamp
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('moved.now', %s, true)", [self.now.isoformat()])

    def teardown(self):
        for setting in self.disabled:
            del os.environ[setting]
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize(
        rules=st.lists(
            st.fixed_dictionaries(
                {
                    "schedule": st.sampled_from(SCHEDULES),
                    "time_zone": st.sampled_from(ZONES),
                    "overlap": st.sampled_from(POLICIES),
                    "misfire": st.sampled_from(["latest", "all", "none"]),
                    "retries": st.integers(0, 2),
                    "timer": st.booleans(),
                    "start_deadline": st.sampled_from([None, timedelta(minutes=1), timedelta(days=2)]),
                }
            ),
            min_size=2,
            max_size=2,
        )
    )
    def begin(self, rules):
        self.see_the_declarations()
        self.rules = rules
        self.declare()
        tick._aligned = False
        sight._last = None

    def see_the_declarations(self):
        """As a process that starts now."""
        states.first_seen = lambda clock, now=self.now: now

    def declare(self):
        registry.clear()
        for name, rules in zip("ab", self.rules, strict=True):
            declare(name, command="succeeds", retry_delay=timedelta(seconds=20), **rules)
        declare("step", command="succeeds", after="b")
        assert not registry.problems

    @rule(seconds=st.one_of(st.integers(1, 90), st.integers(1, 7200), st.integers(1, 40 * 86400)))
    def time_passes(self, seconds):
        self.now += timedelta(seconds=seconds, microseconds=250_000)
        self.set_clock()

    @rule()
    def tick(self):
        settled_ticks()
        tick.tick()

    @rule(days=st.integers(1, 40))
    def the_databases_clock_jumps_ahead_for_one_tick(self, days):
        now = self.now
        self.now += timedelta(days=days)
        self.set_clock()
        self.tick()
        self.now = now
        self.set_clock()

    @rule(name=st.sampled_from("ab"))
    def a_ledger_is_set_back(self, name):
        with suppress(rewinding.NotAhead):
            rewinding.rewind(registry[name], by="ada", reason="the clock was wrong")

    @rule(name=st.sampled_from("ab"), early=st.integers(0, 3))
    def a_timer_fires(self, name, early):
        """Also early by its clock, also twice, also replayed."""
        for _ in range(2):
            serve([registry[name]], self.now + timedelta(seconds=early))

    @rule(name=st.sampled_from(["a", "b", "step"]))
    def a_person_asks_for_a_run(self, name):
        triggers.request(name, trigger=Trigger.MANUAL, requested_by="ada", ring=False)

    @rule(target=claims, place=st.integers(0, 5))
    def a_doorbell_rings(self, place):
        queued = list(Run.objects.filter(status=Status.QUEUED).order_by("id").values_list("id", flat=True))
        return claims.claim(queued[place % len(queued)], instance.current()) if queued else None

    @rule(claim=consumes(claims), end=st.sampled_from(ENDS), twice=st.booleans())
    def an_attempt_ends(self, claim, end, twice):
        """Twice: a supervisor that lost its attempt comes back."""
        if claim is None:
            return
        transitions.finish(claim, Outcome(status=end, error="drawn"))
        if twice:
            assert transitions.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED)) is None

    @rule(claim=consumes(claims))
    def a_supervisor_crashes(self, claim):
        """Nobody renews its lease any more."""

    @rule(claim=claims)
    def a_heartbeat(self, claim):
        if claim is not None:
            transitions.renew_leases([(claim.run, claim.number)])

    @rule(place=st.integers(0, 5))
    def a_run_is_cancelled(self, place):
        runs = list(Run.objects.order_by("-id").values_list("id", flat=True)[:6])
        if runs:
            triggers.cancel(runs[place % len(runs)], "ada")

    @rule(name=st.sampled_from(["a", "b", "step"]), minutes=st.sampled_from([None, 1, 600]))
    def a_job_is_paused(self, name, minutes):
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        try:
            operators.pause(registry[name], by="ada", reason="stocktaking", until=until)
        except operators.AlreadyPaused:
            operators.resume(registry[name], by="ada")

    @rule(name=st.sampled_from("ab"))
    def a_function_is_disabled_or_enabled(self, name):
        setting = f"AzureWebJobs.{name}.Disabled"
        if setting in self.disabled:
            self.disabled.remove(setting)
            del os.environ[setting]
        else:
            self.disabled.add(setting)
            os.environ[setting] = "1"

    @rule(
        name=st.sampled_from("ab"),
        schedule=st.sampled_from([*SCHEDULES, ""]),
        zone=st.sampled_from([*ZONES, ""]),
        minutes=st.sampled_from([None, 1, 600, 100_000]),
    )
    def a_schedule_is_overridden(self, name, schedule, zone, minutes):
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        try:
            operators.override(
                registry[name], schedule=schedule, time_zone=zone, arguments=[], by="ada", reason="moving", until=until
            )
        except operators.AlreadyOverridden:
            operators.end_override(registry[name], by="ada")
        except operators.OverrideEndsBeforeItBegins:
            assert until is not None
        except operators.NeverDue:
            assert schedule in {"0 0 0 30 2 *", ""}

    @rule(which=st.integers(0, 1), schedule=st.sampled_from(SCHEDULES), zone=st.sampled_from(ZONES))
    def a_schedule_is_edited(self, which, schedule, zone):
        self.see_the_declarations()
        self.rules = list(self.rules)
        self.rules[which] = self.rules[which] | {"schedule": schedule, "time_zone": zone}
        self.declare()
        releases.see()

    @invariant()
    def statuses_go_along_the_declared_edges(self):
        statuses = dict(Run.objects.values_list("id", "status"))
        assert self.seen.keys() <= statuses.keys(), "a run vanished"
        for run, status in statuses.items():
            before = self.seen.get(run)
            if before not in {None, status}:
                reachable, frontier = set(), {Status(before)}
                while frontier:  # one rule may take several steps
                    frontier = {Status(s) for f in frontier for s in EDGES.get(f, ())} - reachable
                    reachable |= frontier
                assert status in reachable, f"{before} became {status}"
            if before in ENDED:
                assert status == before
        self.seen = statuses

    @invariant()
    def every_occurrence_up_to_the_watermark_has_one_fate(self):
        for state in JobState.objects.filter(ledger_through__isnull=False):
            job = overrides.applied(registry[state.job], overrides.of(state, datetime.min.replace(tzinfo=UTC)))
            if job.schedule is None or state.fingerprint != job.fingerprint:
                continue
            # Runs of a watermark that was set back may lie beyond it.
            covered = {"scheduled_for__gt": state.ledger_from, "scheduled_for__lte": state.ledger_through}
            fates = sorted(Run.objects.filter(job=state.job, **covered).values_list("scheduled_for", flat=True))
            gaps = list(Gap.objects.filter(job=state.job, fingerprint=state.fingerprint, first__gt=state.ledger_from))
            covered = sum(gap.count for gap in gaps) + len(fates)
            assert covered == job.schedule.count(state.ledger_from, state.ledger_through)
            edges = sorted([(gap.first, gap.last) for gap in gaps] + [(moment, moment) for moment in fates])
            for (_, last), (first, _) in pairwise(edges):
                assert last < first, "two fates for one occurrence"
            for gap in gaps:
                just_before = gap.first - timedelta(microseconds=1)
                assert job.schedule.next(just_before) == gap.first
                assert job.schedule.count(just_before, gap.last) == gap.count

    @invariant()
    def no_attempt_runs_without_its_run(self):
        running = set(Run.objects.filter(status=Status.RUNNING).values_list("id", "attempt"))
        assert set(Attempt.objects.filter(status="running").values_list("run_id", "number")) == running

    @invariant()
    def exclusive_runs_stay_alone(self):
        jobs = list(Run.objects.filter(status=Status.RUNNING, exclusive=True).values_list("job", flat=True))
        assert len(jobs) == len(set(jobs))

    @invariant()
    def a_step_follows_success_only(self):
        for step in Run.objects.filter(job="step", chained_from__isnull=False).select_related("chained_from"):
            if step.status not in {Status.SKIPPED}:
                assert step.chained_from.status == Status.SUCCEEDED


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_random_histories_keep_the_promise(declared, monkeypatch):
    monkeypatch.setattr(tick, "_aligned", False)
    monkeypatch.setattr(clocks, "elapsed", clocks.elapsed)
    first_seen_at(monkeypatch, START)
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=int(os.environ.get("JOBS_EXAMPLES", "40")),
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
