"""Random histories: whatever happens, in whatever order, the ledger keeps what it promises.

Time is moved: the statements find a `clock_timestamp()` of the test's in a schema that comes before PostgreSQL's own.
"""

from contextlib import contextmanager, suppress
from dataclasses import dataclass
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
    precondition,
    rule,
    run_state_machine_as_test,
)

from jobs import Retry, clocks, declare
from jobs.choices import EDGES, ENDED, AttemptStatus, Reason, Status, Trigger
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import (
    attempts,
    claims,
    holds,
    instance,
    interventions,
    leases,
    missed,
    releases,
    rewinding,
    timing,
    triggers,
)
from jobs.ledger.attempts import Outcome
from jobs.ledger.settle import settle
from jobs.models import Attempt, Gap, Intervention, JobState, Run
from jobs.schedule.occurrences import Schedule
from tests.helpers.days import assert_days_are_counted_right
from tests.helpers.rows import settled_ticks
from tests.helpers.thorough import examples
from tests.invariants.disabled import Disabled
from tests.invariants.history import INSTANT, History

pytestmark = pytest.mark.invariant

START = datetime(2026, 3, 28, 22, 0, tzinfo=UTC)  # the clocks of Europe change in the night that follows
SCHEDULES = ["*/10 * * * * *", "0 * * * * *", "0 */7 * * * *", "0 0 * * * *", "0 30 2 * * *", "0 0 0 30 2 *"]
ZONES = ["UTC", "Europe/Berlin", "Australia/Lord_Howe"]
POLICIES = ["skip", "queue", "allow", "replace"]
ENDS = [AttemptStatus.SUCCEEDED, AttemptStatus.FAILED, AttemptStatus.TIMED_OUT, AttemptStatus.INTERRUPTED]
# How long it takes until the next thing happens: nobody settles meanwhile.
LATER = st.one_of(st.just(0), st.integers(1, 90), st.integers(1, 7200), st.integers(1, 40 * 86400))
# What a shell without the app's settings believes to be declared.
OTHER = {"schedule": "0 0 0 1 1 *", "time_zone": "UTC"}


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


@dataclass
class Process:
    """A process of the app: the rules that its release declares, and when it began, by a clock that nobody sets."""

    rules: list
    began: float
    aligned: bool = False
    registered: tuple | None = None  # as which release it was last seen

    def schedule(self, name):
        rules = self.rules["ab".index(name)]
        return rules["schedule"] and Schedule(rules["schedule"], rules["time_zone"])


class Ledger(RuleBasedStateMachine):
    """Three jobs: two with drawn rules, and a step after the second. One process settles them, or two take turns."""

    claims = Bundle("claims")

    def __init__(self):
        super().__init__()
        self.now = START
        self.elapsed = 0.0
        self.disabled = Disabled()
        self.seen = {}  # the runs' statuses
        self.gaps = {}  # the gaps' last occurrences
        self.ended = set()  # the runs that had ended when a timer or the tick last decided
        self.at_work = {}  # when each release was last called
        self.asked = {}  # the runs asked for later, and their moments
        self.reached = {}  # how far the ledger reached when a run was inserted
        self.ahead = set()  # the runs of occurrences beyond a watermark that was set back
        self.history = {"a": History(), "b": History()}
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        moved_clock(connection)
        self.move_clock(0)

    def move_clock(self, seconds, elapsed=None):
        self.now += timedelta(seconds=seconds)
        self.elapsed += seconds if elapsed is None else elapsed
        clocks.elapsed = lambda: self.elapsed
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('moved.now', %s, true)", [self.now.isoformat()])

    def teardown(self):
        try:
            # Of the whole history: to count it all again after each step would take too long.
            if not connection.needs_rollback:
                assert_days_are_counted_right()
        finally:
            self.disabled.undo()
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
                    "retry": st.builds(Retry, times=st.integers(0, 2), delay=st.just(timedelta(seconds=20))),
                    "timer": st.booleans(),
                    "start_deadline": st.sampled_from([None, timedelta(minutes=1), timedelta(days=2)]),
                }
            ),
            min_size=2,
            max_size=2,
        ),
        begun=st.sampled_from([True, True, True, False]),
    )
    def begin(self, rules, begun=False):
        self.processes = [Process(rules, self.elapsed)]
        self.take_turn()
        if begun:
            self.tick(seconds=0)

    def was_called(self):
        """By the host: from then on its release is known to be at work."""
        releases.here.see()
        self.process.registered = releases.here.seen
        self.at_work[releases.own().key] = self.now

    @property
    def others_are_at_work(self):
        """Then the release in charge may be another one, which settles what it declares otherwise."""
        mine, since = releases.own().key, self.now - timing.LONGEST_PAUSE
        return any(seen > since for key, seen in self.at_work.items() if key != mine)

    @property
    def process(self):
        return self.processes[-1]

    def take_turn(self):
        """The rules that follow happen in the last of the processes."""
        tick.here.forget()
        tick.here.is_aligned = self.process.aligned
        releases.here.seen = self.process.registered
        self.be(self.process.rules, self.process.began)

    def be(self, rules, began):
        registry.first_seen = began
        registry.clear()
        for name, of_job in zip("ab", rules, strict=True):
            declare(name, command="succeeds", **of_job)
        declare("step", command="succeeds", after="b")
        assert not registry.problems

    @contextmanager
    def a_shell(self, lacks_settings):
        """An operator's process, perhaps without the app settings that make the app's schedules."""
        rules = [of_job | (OTHER if lacks_settings else {}) for of_job in self.process.rules]
        self.be(rules, self.elapsed)
        try:
            yield
        finally:
            self.take_turn()

    # What time and the host do

    def time_passes(self, seconds):
        self.move_clock(seconds and seconds + 0.25)

    @rule(seconds=st.integers(1, 600))
    def the_databases_clock_steps_back(self, seconds):
        self.move_clock(-seconds, elapsed=0)

    def what_waits_runs(self):
        """As in an app that has room: each queued run that may start does, and succeeds at once."""
        for run in claims.next_ready(10):
            if claim := claims.claim(run, instance.current()):
                attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED))

    @rule(seconds=LATER, runs=st.booleans())
    def tick(self, seconds, runs=False):
        self.time_passes(seconds)
        settled_ticks()
        self.was_called()
        before = self.before_settling()
        tick.tick()
        for name in "ab":
            self.was_settled(name, before.get(name), retires=not self.process.aligned)
        self.process.aligned = tick.here.is_aligned
        for name, through in self.watermarks().items():
            history = self.history[name]
            if through and not self.others_are_at_work and history.latest == self.process.schedule(name):
                due = history.eras(max(through, self.now - timing.PATIENCE))
                assert sum(count(era) for era in due) == sum(count(era) for era in history.eras(through)), (
                    "the tick left what is due"
                )
        if runs:
            self.what_waits_runs()

    @rule(seconds=LATER, name=st.sampled_from("ab"), early=st.integers(0, 3))
    def a_timer_fires(self, seconds, name, early):
        """Also early by its clock, also twice, also replayed."""
        self.time_passes(seconds)
        self.was_called()
        for _ in range(2):
            before = self.before_settling()
            moment = self.now + timedelta(seconds=early)
            settle([registry[name]], moment)
            self.was_settled(name, before.get(name))

    def before_settling(self):
        self.ended = set(Run.objects.filter(status__in=ENDED).values_list("id", flat=True))
        return JobState.objects.in_bulk()

    def watermarks(self):
        known = {state.job: state.ledger_through for state in JobState.objects.all()}
        return {name: known.get(name) for name in "ab"}

    def was_settled(self, name, before, retires=False):
        """Note by which schedule what follows is due, if this process has brought another one into force."""
        history, mine = self.history[name], self.process.schedule(name)
        began = self.now - timedelta(seconds=self.elapsed - self.process.began)
        if before is None or before.ledger_through is None:
            if mine and self.watermarks()[name]:
                history.declare(began, mine)
        elif mine != history.latest and (mine or retires):
            state = JobState.objects.get(job=name)
            if self.others_are_at_work and state.declared != (mine.fingerprint if mine else ""):
                return  # left to the release in charge
            is_older = bool(mine) and before.ledger_from > began
            history.declare(max(before.ledger_through, self.now if is_older else began), mine)

    @rule(days=st.integers(1, 40))
    def the_databases_clock_jumps_ahead_for_one_tick(self, days):
        self.move_clock(days * 86400, elapsed=0)
        self.tick(seconds=0)
        self.move_clock(-days * 86400, elapsed=0)

    @rule(seconds=LATER, name=st.sampled_from("ab"))
    def a_ledger_is_set_back(self, seconds, name):
        self.time_passes(seconds)
        with suppress(rewinding.NotAhead):
            rewinding.rewind(registry[name], by="ada", reason="the clock was wrong")
            self.history[name].rewind(
                self.now, holds=Intervention.objects.open().filter(job=name, kind="override").exists()
            )
            self.ahead |= set(Run.objects.filter(job=name, scheduled_for__gt=self.now).values_list("id", flat=True))
            for run in Run.objects.filter(job=name, id__in=self.reached):
                if self.reached[run.pk]:
                    self.reached[run.pk] = min(self.reached[run.pk], self.now)
            self.gaps = {gap: last for gap, last in self.gaps.items() if Gap.objects.filter(pk=gap, last=last).exists()}

    # Releases

    @rule(
        seconds=LATER,
        which=st.integers(0, 1),
        schedule=st.sampled_from([*SCHEDULES, None]),
        zone=st.sampled_from(ZONES),
        beside=st.booleans(),
    )
    def a_release_is_deployed(self, seconds, which, schedule, zone, beside):
        """In the place of the former one, or beside it for a while."""
        self.time_passes(seconds)
        rules = list(self.process.rules)
        rules[which] = rules[which] | {"schedule": schedule, "time_zone": zone}
        self.processes = [*(self.processes[-1:] if beside else []), Process(rules, self.elapsed)]
        self.take_turn()

    @rule(seconds=LATER)
    def a_process_starts_again(self, seconds):
        self.time_passes(seconds)
        self.processes[-1] = Process(self.process.rules, self.elapsed)
        self.take_turn()

    @precondition(lambda self: len(self.processes) > 1)
    @rule(seconds=LATER)
    def the_other_release_takes_its_turn(self, seconds):
        self.time_passes(seconds)
        self.processes.reverse()
        self.take_turn()

    # What people ask for

    @rule(name=st.sampled_from(["a", "b", "step"]), lacks_settings=st.booleans())
    def a_person_asks_for_a_run(self, name, lacks_settings):
        with self.a_shell(lacks_settings):
            triggers.request(name, trigger=Trigger.MANUAL, requested_by="ada", ring=False)

    @rule(
        name=st.sampled_from("ab"),
        minutes=st.sampled_from([1, 10, 240]),
        lasts=st.one_of(st.none(), st.integers(1, 600)),
    )
    def a_run_is_asked_for_later(self, name, minutes, lasts):
        """It may run, and end, before anyone settles the job again."""
        self.what_waits_runs()
        later = self.now + timedelta(minutes=minutes)
        run = triggers.request(name, requested_by="ada", not_before=later, ring=False)
        self.asked[run.pk] = later
        if lasts:
            self.move_clock(minutes * 60 + 1)
            if claim := claims.claim(run.pk, instance.current()):
                self.move_clock(lasts)
                attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED))
            self.tick(seconds=0)

    @rule(seconds=LATER, target=claims, place=st.integers(0, 5))
    def a_doorbell_rings(self, seconds, place):
        self.time_passes(seconds)
        queued = list(Run.objects.filter(status=Status.QUEUED).order_by("id").values_list("id", flat=True))
        return claims.claim(queued[place % len(queued)], instance.current()) if queued else None

    @rule(seconds=LATER, claim=consumes(claims), end=st.sampled_from(ENDS), twice=st.booleans())
    def an_attempt_ends(self, seconds, claim, end, twice):
        """Twice: a supervisor that lost its attempt comes back."""
        self.time_passes(seconds)
        if claim is None:
            return
        attempts.finish(claim, Outcome(status=end, error="drawn"))
        if twice:
            assert attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED)) is None

    @rule(claim=consumes(claims))
    def a_supervisor_crashes(self, claim):
        """Nobody renews its lease any more."""

    @rule(claim=claims)
    def a_heartbeat(self, claim):
        if claim is not None:
            leases.renew([(claim.run_id, claim.attempt)])

    @rule(place=st.integers(0, 5))
    def a_run_is_cancelled(self, place):
        runs = list(Run.objects.order_by("-id").values_list("id", flat=True)[:6])
        if runs:
            triggers.cancel(runs[place % len(runs)], "ada")

    @rule(
        seconds=LATER,
        name=st.sampled_from("ab"),
        place=st.integers(0, 3),
        part=st.sampled_from([None, "beginning", "middle", "end"]),
        limit=st.sampled_from([1, 7, 500]),
        runs=st.booleans(),
    )
    def what_was_missed_is_run(self, seconds, name, place, part, limit, runs):
        """A gap, or a part of it, perhaps more than one call runs; and again by somebody who doesn't know of it."""
        self.time_passes(seconds)
        self.overlaps_name_runs_that_were_in_the_way()
        gaps = list(Gap.objects.filter(job=name).order_by("-last")[:4])
        if not gaps:
            return
        gap = gaps[place % len(gaps)]
        third = (gap.last - gap.first) / 3
        asked = {
            None: {"gap": gap.pk},
            "beginning": {"gap": gap.pk, "before": gap.first + third},
            "middle": {"after": gap.first + third, "before": gap.last - third},
            "end": {"gap": gap.pk, "after": gap.last - third},
        }[part]
        expected = missed.preview(registry[name], **asked, limit=limit)
        found = missed.run_missed(registry[name], **asked, requested_by="ada", limit=limit)
        assert sorted(found.runs) == expected.occurrences
        assert found.left == expected.count - len(found.runs)
        again = missed.run_missed(registry[name], **asked, requested_by="bob", limit=limit)
        assert not found.runs.keys() & again.runs.keys()
        self.gaps = dict(Gap.objects.values_list("id", "last"))
        if runs:
            self.what_waits_runs()

    @rule(
        seconds=LATER,
        name=st.sampled_from(["a", "b", "step"]),
        minutes=st.sampled_from([None, 1, 600]),
        lacks_settings=st.booleans(),
    )
    def a_job_is_paused(self, seconds, name, minutes, lacks_settings):
        self.time_passes(seconds)
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        with self.a_shell(lacks_settings):
            try:
                interventions.pause(registry[name], by="ada", reason="stocktaking", until=until)
            except interventions.AlreadyPaused:
                interventions.resume(registry[name], by="ada")

    @rule(
        seconds=LATER, minutes=st.sampled_from([None, 1, 600]), all_starts=st.booleans(), lacks_settings=st.booleans()
    )
    def everything_is_held(self, seconds, minutes, all_starts, lacks_settings):
        """Or the hold is ended, and what it swallowed is known."""
        self.time_passes(seconds)
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        with self.a_shell(lacks_settings):
            try:
                holds.hold(by="ada", reason="moving", until=until, all_starts=all_starts)
            except holds.AlreadyHeld:
                ended = holds.end_hold(by="ada")
                assert not Intervention.objects.in_force(self.now).filter(kind="hold").exists()
                for gap in holds.swallowed(ended):
                    assert gap.last > ended.began_at - INSTANT

    @rule(name=st.sampled_from("ab"))
    def a_function_is_disabled_or_enabled(self, name):
        self.disabled.switch(name)

    @rule(
        seconds=LATER,
        name=st.sampled_from("ab"),
        schedule=st.sampled_from([*SCHEDULES, ""]),
        zone=st.sampled_from([*ZONES, ""]),
        minutes=st.sampled_from([None, 1, 600, 100_000]),
        lacks_settings=st.booleans(),
        outage=st.one_of(st.none(), st.integers(1, 7200)),
    )
    def a_schedule_is_overridden(self, seconds, name, schedule, zone, minutes, lacks_settings, outage):
        """Perhaps nobody settles it until some time after its end. Or the override that holds is ended."""
        self.time_passes(seconds)
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        reached, history = self.watermarks()[name], self.history[name]
        if reached is None or history.latest is None:
            return
        change = {"schedule": schedule, "time_zone": zone, "arguments": []}
        with self.a_shell(lacks_settings):
            try:
                interventions.override(registry[name], **change, by="ada", reason="moving", until=until)
            except interventions.AlreadyOverridden:
                interventions.end_override(registry[name], by="ada")
                history.end_override(max(self.now, reached, history.overrides[-1][0]) + INSTANT)
            except interventions.NeverDue:
                assert schedule in {"0 0 0 30 2 *", ""}
            except interventions.OverrideEndsBeforeItBegins:
                assert until <= reached
            except interventions.NothingToOverride:
                assert registry[name].schedule is None
            else:
                history.override(max(self.now, reached), until, schedule, zone)
        if until and outage:
            # The tick below settles again, when the runs that were in the way have ended.
            self.overlaps_name_runs_that_were_in_the_way()
            self.what_waits_runs()
            self.move_clock(max(0.0, (until - self.now).total_seconds()) + outage)
            self.tick(seconds=0)

    # What must hold after each of these

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
        self.overlaps_name_runs_that_were_in_the_way()
        self.seen = statuses

    def remember_what_was_reached(self):
        """Of each new run, how far its job's ledger reached when it was inserted."""
        reached = self.watermarks()
        for run, job in Run.objects.exclude(id__in=self.reached).values_list("id", "job"):
            self.reached[run] = reached.get(job)

    def overlaps_name_runs_that_were_in_the_way(self):
        """Not of one that was asked for later, nor of one that was inserted when the occurrence was decided."""
        self.remember_what_was_reached()
        for gap in Gap.objects.all():
            known = self.gaps.get(gap.pk)
            self.gaps[gap.pk] = gap.last
            if known == gap.last or gap.reason != Reason.OVERLAP:
                continue
            newest = gap.last if known else gap.first
            in_the_way = Run.objects.get(pk=gap.blocked_by_id)
            if in_the_way.scheduled_for and self.reached[in_the_way.pk]:
                assert newest > self.reached[in_the_way.pk], "it was inserted with the run that is in its way"
            if in_the_way.pk in self.ended:
                asked = self.asked.get(in_the_way.pk, in_the_way.created_at)
                assert newest >= asked, "the run in its way was asked for later, and had ended"

    @invariant()
    def every_occurrence_is_recorded_once_by_the_schedule_that_was_in_force(self):
        for name, through in self.watermarks().items():
            if through is None:
                assert not Run.objects.filter(job=name, scheduled_for__isnull=False).exists()
                continue
            assert self.history[name].declared, "a shell began the ledger"
            eras = self.history[name].eras(through)
            occurrences_with_runs = self.runs_of(name, eras)
            gaps = list(Gap.objects.filter(job=name))
            edges = sorted(
                [(gap.first, gap.last) for gap in gaps] + [(moment, moment) for moment in occurrences_with_runs]
            )
            for (_, last), (first, _) in pairwise(edges):
                assert last < first, "one occurrence is recorded twice"
            assert sum(gap.count for gap in gaps) + len(occurrences_with_runs) == sum(count(era) for era in eras)
            for era in eras:
                after, until, schedule = era
                held = [gap for gap in gaps if after < gap.first <= until]
                runs = [moment for moment in occurrences_with_runs if after < moment <= until]
                told = f"{name} was due by {schedule} in ({after}, {until}]"
                assert sum(gap.count for gap in held) + len(runs) == count(era), told
                assert all(is_of(era, moment) for moment in runs), told
                for gap in held:
                    assert gap.last <= until, told
                    assert schedule.next(gap.first - INSTANT) == gap.first, told
                    assert schedule.count(gap.first - INSTANT, gap.last) == gap.count, told

    def runs_of(self, name, eras):
        """The occurrences that have a run. Where a watermark was set back, some lie ahead, or are due no more."""
        found = Run.objects.filter(job=name, scheduled_for__isnull=False).order_by("scheduled_for")
        return [
            run.scheduled_for
            for run in found
            if run.pk not in self.ahead or any(is_of(era, run.scheduled_for) for era in eras)
        ]

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


def is_of(era, moment):
    after, until, schedule = era
    return schedule is not None and after < moment <= until and schedule.next(moment - INSTANT) == moment


def count(era):
    after, until, schedule = era
    return schedule.count(after, until) if schedule else 0


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_random_histories_keep_the_promise(declared, monkeypatch):
    monkeypatch.setattr(clocks, "elapsed", clocks.elapsed)
    monkeypatch.setattr(registry, "first_seen", 0.0)
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=examples(40, quick=12),
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.fixture
def history(declared, monkeypatch):
    """A history without anything drawn, at whose end the ledger must have kept what it promises."""
    monkeypatch.setattr(clocks, "elapsed", clocks.elapsed)
    monkeypatch.setattr(registry, "first_seen", 0.0)
    history = Ledger()
    try:
        yield history
        history.every_occurrence_is_recorded_once_by_the_schedule_that_was_in_force()
    finally:
        history.teardown()


def rules(schedule, timer=False):
    return {
        "schedule": schedule,
        "time_zone": "UTC",
        "misfire": "latest",
        "timer": timer,
        "overlap": "skip",
        "start_deadline": None,
        "retry": Retry(times=0),
    }


@pytest.mark.django_db
def test_overrides_that_followed_each_other_ahead_of_the_clock_are_set_back_together(history):
    change = {"name": "b", "minutes": None, "lacks_settings": False, "outage": None, "seconds": 1}
    history.begin(rules=[rules("0 * * * * *")] * 2, begun=True)
    history.a_schedule_is_overridden(schedule="*/10 * * * * *", zone="", **change)
    history.the_databases_clock_jumps_ahead_for_one_tick(days=34)
    history.a_schedule_is_overridden(schedule="0 30 2 * * *", zone="", **change)  # ends the first
    history.a_schedule_is_overridden(schedule="", zone="Australia/Lord_Howe", **change)
    assert len(history.history["b"].overrides) == 2
    history.a_ledger_is_set_back(name="b", seconds=600)
    history.the_databases_clock_jumps_ahead_for_one_tick(days=1)


@pytest.mark.django_db
def test_a_gap_doesnt_go_on_over_a_time_with_another_schedule(history):
    """In which nothing was due, and after which the job has the gap's schedule again."""
    history.begin(rules=[rules("0 0 * * * *")] * 2, begun=True)
    history.a_function_is_disabled_or_enabled(name="a")
    history.a_release_is_deployed(seconds=1, which=0, schedule="*/10 * * * * *", zone="UTC", beside=False)
    history.a_schedule_is_overridden(
        name="a", schedule="*/10 * * * * *", zone="UTC", minutes=1, outage=600, seconds=60, lacks_settings=False
    )
    assert [gap.count for gap in Gap.objects.filter(job="a")] == [6]
    history.tick(seconds=3600)
    assert [gap.count for gap in Gap.objects.filter(job="a").order_by("first")] == [6, 360]


@pytest.mark.django_db
def test_a_gap_doesnt_go_on_over_an_occurrence_that_has_its_run(history):
    """Of the time for which the database's clock was ahead, before the watermark was set back."""
    history.begin(rules=[rules("0 * * * * *")] * 2, begun=True)
    history.the_databases_clock_jumps_ahead_for_one_tick(days=1)
    history.a_ledger_is_set_back(name="a", seconds=1)
    [ahead] = Run.objects.filter(job="a", scheduled_for__gt=history.now)
    history.a_function_is_disabled_or_enabled(name="a")
    history.move_clock((ahead.scheduled_for - history.now).total_seconds() + 1)
    history.tick(seconds=0)
    before = [gap.last for gap in Gap.objects.filter(job="a")]
    history.tick(seconds=600)
    assert max(before) < ahead.scheduled_for < Gap.objects.get(job="a", first__gt=ahead.scheduled_for).first
