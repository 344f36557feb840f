"""Random histories of pipelines: every occurrence of every step is recorded once, whatever its predecessors do."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from jobs import Retry, clocks, declare
from jobs.choices import ENDED, AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import attempts, claims, holds, instance, interventions, missed, releases, states, triggers
from jobs.ledger.attempts import Outcome
from jobs.ledger.pipelines import DifferentSchedules
from jobs.ledger.settle import settle
from jobs.models import Gap, Run
from tests.helpers.rows import settled_ticks
from tests.helpers.thorough import examples
from tests.invariants.disabled import Disabled
from tests.invariants.test_model import ENDS, LATER, POLICIES, START, moved_clock

pytestmark = pytest.mark.invariant
SCHEDULES = ["*/10 * * * * *", "0 * * * * *", "0 */7 * * * *", "0 30 2 * * *"]
SOURCES = ["left", "right"]
STEPS = {"step": ["left"], "join": SOURCES, "last": ["join"], "wide": ["step", "right"]}
ANY = st.sampled_from([*SOURCES, *STEPS])


def covers(gap, moment):
    """Whether the gap stands for this occurrence: its schedule may have had fewer between its ends than another's."""
    if not gap.first <= moment <= gap.last:
        return False
    schedule = registry["left"].schedule.of_fingerprint(gap.fingerprint)
    return schedule.count(moment - timedelta(microseconds=1), moment) == 1


class Pipelines(RuleBasedStateMachine):
    """Two jobs that share a schedule and differ in their rules, and steps after one of them and after both."""

    def __init__(self):
        super().__init__()
        self.now, self.disabled = START, Disabled()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        moved_clock(connection)
        self.move(0)

    def teardown(self):
        self.disabled.undo()
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    def move(self, seconds):
        self.now += timedelta(seconds=seconds)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('moved.now', %s, true)", [self.now.isoformat()])

    @initialize(
        schedule=st.sampled_from(SCHEDULES),
        rules=st.lists(
            st.fixed_dictionaries(
                {
                    "overlap": st.sampled_from(POLICIES),
                    "misfire": st.sampled_from(["latest", "all", "none"]),
                    "retry": st.builds(Retry, times=st.integers(0, 1), delay=st.just(timedelta(seconds=20))),
                }
            ),
            min_size=2,
            max_size=2,
        ),
    )
    def begin(self, schedule, rules):
        self.rules = rules
        tick.here.forget()
        releases.here.forget()
        self.deploy(schedule)

    @rule(schedule=st.sampled_from(SCHEDULES))
    def deploy(self, schedule):
        """A process starts that may know another schedule."""
        clocks.elapsed = lambda: 0.0
        states.first_seen = lambda clock, now=self.now: now
        registry.clear()
        for name, rules in zip(SOURCES, self.rules, strict=True):
            declare(name, command="succeeds", schedule=schedule, **rules)
        for name, after in STEPS.items():
            declare(name, command="succeeds", after=after)
        assert not registry.problems
        releases.here.see()
        self.tick(0)

    @rule(seconds=LATER)
    def tick(self, seconds):
        self.move(seconds)
        settled_ticks()
        tick.tick()

    @rule(seconds=LATER, name=st.sampled_from(SOURCES), early=st.integers(0, 3))
    def a_timer_fires(self, seconds, name, early):
        self.move(seconds)
        settle([registry[name]], self.now + timedelta(seconds=early))

    @rule(name=ANY)
    def a_person_asks_for_a_run(self, name):
        triggers.request(name, requested_by="ada", ring=False)

    @rule(place=st.integers(0, 5), end=st.sampled_from([AttemptStatus.SUCCEEDED, *ENDS]))
    def a_run_is_executed(self, place, end):
        queued = Run.objects.filter(status=Status.QUEUED).order_by("id").values_list("id", flat=True)
        if queued and (claim := claims.claim(queued[place % len(queued)], instance.current())):
            attempts.finish(claim, Outcome(status=end, error="drawn"))

    @rule(place=st.integers(0, 5))
    def a_run_begins(self, place):
        queued = Run.objects.filter(status=Status.QUEUED).order_by("id").values_list("id", flat=True)
        if queued:
            claims.claim(queued[place % len(queued)], instance.current())

    @rule(place=st.integers(0, 5))
    def a_run_is_cancelled(self, place):
        if runs := Run.objects.order_by("-id").values_list("id", flat=True)[:6]:
            triggers.cancel(runs[place % len(runs)], "ada")

    @rule(name=st.sampled_from(SOURCES), place=st.integers(0, 3), limit=st.sampled_from([1, 7]))
    def what_was_missed_is_run(self, name, place, limit):
        if gaps := Gap.objects.filter(job=name).order_by("-last").values_list("id", flat=True)[:4]:
            missed.run_missed(registry[name], gap=gaps[place % len(gaps)], requested_by="ada", limit=limit)

    @rule(minutes=st.sampled_from([None, 1, 600]))
    def everything_is_held(self, minutes):
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        try:
            holds.hold(by="ada", reason="moving", until=until)
        except holds.AlreadyHeld:
            holds.end_hold(by="ada")

    @rule(name=ANY, minutes=st.sampled_from([None, 1, 600]))
    def a_job_is_paused(self, name, minutes):
        until = None if minutes is None else self.now + timedelta(minutes=minutes)
        try:
            interventions.pause(registry[name], by="ada", reason="stocktaking", until=until)
        except interventions.AlreadyPaused:
            interventions.resume(registry[name], by="ada")

    @rule(name=st.sampled_from(SOURCES))
    def a_function_is_disabled_or_enabled(self, name):
        self.disabled.switch(name)

    @rule(name=st.sampled_from(SOURCES), schedule=st.sampled_from(SCHEDULES))
    def an_override_that_parts_them_is_refused(self, name, schedule):
        try:
            interventions.override(registry[name], schedule=schedule, by="ada")
        except DifferentSchedules:
            return
        assert registry[name].schedule.expression.text == schedule
        interventions.end_override(registry[name], by="ada")

    @invariant()
    def every_occurrence_of_every_step_is_recorded_once(self):
        """When all its predecessors have theirs, or as soon as one didn't succeed; never two, and never before.

        Where its predecessors follow different schedules for a while, a gap of one that reaches over what only the
        other was due at stands for that too.
        """
        known = Run.objects.filter(scheduled_for__isnull=False).values_list("job", "scheduled_for", "status")
        runs = {(job, moment): status for job, moment, status in known}
        gaps = list(Gap.objects.all())

        def recorded(job, moment):
            covering = [gap.fate for gap in gaps if gap.job == job and covers(gap, moment)]
            return covering + [runs[key] for key in [(job, moment)] if key in runs]

        for moment in {moment for _, moment in runs} | {edge for gap in gaps for edge in (gap.first, gap.last)}:
            for step, predecessors in STEPS.items():
                ended = [status for name in predecessors for status in recorded(name, moment) if status in ENDED]
                is_decided = len(ended) == len(predecessors) or bool(set(ended) - {Status.SUCCEEDED})
                found = recorded(step, moment)
                if is_decided and not found:
                    found = [gap.fate for gap in gaps if gap.job == step and gap.first <= moment <= gap.last][:1]
                assert len(found) == is_decided, (step, moment, ended)

    @invariant()
    def gaps_count_what_they_cover(self):
        for gap in Gap.objects.filter(job__in=STEPS):
            expected = registry["left"].schedule.of_fingerprint(gap.fingerprint)
            assert expected.count(gap.first - timedelta(microseconds=1), gap.last) == gap.count


@pytest.fixture
def restored(declared, monkeypatch):
    """What a history puts in place of the clocks is taken back."""
    for module, name in ((states, "first_seen"), (clocks, "elapsed"), (registry, "first_seen")):
        monkeypatch.setattr(module, name, getattr(module, name))


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_random_histories_of_pipelines(restored):
    run_state_machine_as_test(
        Pipelines,
        settings=settings(
            max_examples=examples(40, quick=12),
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


@pytest.mark.django_db
def test_sources_that_follow_two_schedules_for_a_while(restored):
    """Only one of them is settled by the last release before its next tick."""
    history = Pipelines()
    try:
        history.begin(SCHEDULES[0], [{"misfire": "latest"}, {"misfire": "all"}])
        history.a_function_is_disabled_or_enabled("left")
        history.deploy(SCHEDULES[1])
        history.deploy(SCHEDULES[0])
        history.a_timer_fires(1061, "right", early=0)
        history.deploy(SCHEDULES[0])
        history.every_occurrence_of_every_step_is_recorded_once()
        history.gaps_count_what_they_cover()
    finally:
        history.teardown()


@pytest.mark.django_db
def test_a_steps_gap_also_stands_for_what_only_one_of_its_predecessors_was_due_at(restored):
    history = Pipelines()
    try:
        history.begin(SCHEDULES[2], [{"misfire": "latest"}, {"misfire": "latest"}])
        history.a_function_is_disabled_or_enabled("left")
        history.deploy(SCHEDULES[3])
        history.deploy(SCHEDULES[2])
        history.a_timer_fires(16921, "right", early=0)
        history.deploy(SCHEDULES[0])
        night = START.replace(hour=2, minute=30) + timedelta(days=1)
        assert [*Gap.objects.filter(first=night).values_list("job", flat=True).order_by("job")] == ["left", "step"]
        over = Gap.objects.get(job="join")
        assert (over.first < night < over.last, over.by) == (True, "right")
    finally:
        history.teardown()
