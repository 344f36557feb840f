"""Random histories of jobs with random rules of alerts: their incidents are those of a simple model, told once each."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from jobs import Retry, alert, declare
from jobs.choices import AttemptStatus
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, endings, incident_acts, incidents, instance, interventions, overdue
from jobs.ledger.attempts import Outcome
from jobs.ledger.statistics import Swallowed
from jobs.models import Incident, Notice, Run
from tests.helpers.rows import a_queued_run, settled_ticks
from tests.helpers.thorough import examples
from tests.invariants import incidents as model
from tests.invariants.test_model import START, moved_clock

pytestmark = pytest.mark.invariant
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = ["a", "b", "c"]
LATER = st.one_of(st.integers(1, 90), st.integers(1, 7200), st.integers(1, 5 * 86400))
RULES = st.lists(
    st.one_of(
        st.builds(alert.failed, in_a_row=st.sampled_from([None, 1, 1, 2, 3])),
        st.builds(alert.rate, share=st.sampled_from([0.2, 0.5, 1.0]), of=st.integers(2, 5)),
        st.builds(alert.slower_than, st.just(HOUR)),
        st.builds(alert.output_matches, st.just("disk")),
        st.builds(alert.not_succeeded_for, st.sampled_from([HOUR, DAY])),
        st.builds(alert.still_running, st.sampled_from([HOUR / 2, DAY])),
        st.builds(alert.forgotten_pause, st.just(DAY)),
        st.just(alert.missed()),
        st.just(alert.lost()),
    ),
    unique_by=lambda rule: rule.cause,
    min_size=1,
)
BAD = [AttemptStatus.FAILED, AttemptStatus.TIMED_OUT, AttemptStatus.LOST]
# How the runs of a while come out, one after another; also in turn, as a job does that flaps.
SERIES = st.one_of(
    st.lists(st.sampled_from("SSFFTL"), min_size=1, max_size=12),
    st.builds(lambda times, last: "FS" * times + last * 3, st.integers(2, 5), st.sampled_from("SF")),
)
HOW = dict(zip("SFTL", [AttemptStatus.SUCCEEDED, *BAD], strict=True))
ANY = st.sampled_from(NAMES)


class Alerts(RuleBasedStateMachine):
    """Three jobs without schedules, whose ends, gaps, pauses and incidents are drawn."""

    def __init__(self):
        super().__init__()
        self.now = START
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        moved_clock(connection)
        self.later(0)

    def teardown(self):
        try:
            if registry:
                self.all_recover()
                self.incidents_are_those_of_the_model()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def later(self, seconds):
        self.now += timedelta(seconds=seconds)
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('moved.now', %s, true)", [self.now.isoformat()])

    def declare(self, rules):
        registry.clear()
        for name, drawn in zip(NAMES, rules, strict=True):
            declare(name, command="succeeds", overlap="allow", retry=Retry(times=1, delay=timedelta(0)), alerts=drawn)
        assert not registry.problems

    @initialize(rules=st.tuples(RULES, RULES, RULES))
    def begin(self, rules):
        self.declare(rules)
        self.jobs = {name: model.Job(model.rules_of(drawn)) for name, drawn in zip(NAMES, rules, strict=True)}

    @rule(seconds=LATER, rules=st.tuples(RULES, RULES, RULES))
    def another_release_is_deployed(self, seconds, rules):
        self.later(seconds)
        self.declare(rules)
        for name, drawn in zip(NAMES, rules, strict=True):
            self.jobs[name].rules = model.rules_of(drawn)
        self.tick(1)

    @rule(seconds=LATER)
    def tick(self, seconds):
        self.later(seconds)
        settled_ticks()
        overdue.judge(self.now)
        for job in self.jobs.values():
            job.ticked(self.now)

    # Runs

    def queued(self, name):
        self.later(1)
        job = self.jobs[name]
        job.first_run_at = job.first_run_at or self.now
        return a_queued_run(name, exclusive=False, created_at=self.now)

    def begins(self, run):
        claim = claims.claim(run.pk, instance.current())
        assert claim is not None
        return claim

    def fails_and_is_retried(self, run):
        attempts.finish(self.begins(run), Outcome(status=AttemptStatus.FAILED, error="tried", matched="disk full"))
        self.later(1)
        assert Run.objects.get(pk=run.pk).status == "queued"

    def ends(self, name, run, claim, end, **facts):
        """Its last attempt ends so: no retry is left to it."""
        self.later(1)
        Run.objects.filter(pk=run.pk).update(failures=1)
        claim = claims.Claim(**{field: getattr(claim, field) for field in claim.__dataclass_fields__} | {"failures": 1})
        outcome = Outcome(status=end, error="" if end is AttemptStatus.SUCCEEDED else "drawn", **facts)
        assert attempts.finish(claim, outcome).status == end
        self.jobs[name].came_out(
            model.Outcome(run.pk, self.now, end), facts.get("wall", timedelta(0)), bool(facts.get("matched"))
        )

    @rule(
        seconds=LATER,
        name=ANY,
        series=SERIES,
        retried=st.booleans(),
        wall=st.sampled_from([HOUR / 2, 2 * HOUR]),
        matched=st.sampled_from(["", "", "disk full"]),
    )
    def runs_come_out(self, seconds, name, series, retried, wall, matched):
        self.later(seconds)
        for letter in series:
            run = self.queued(name)
            if retried:
                self.fails_and_is_retried(run)
            self.ends(name, run, self.begins(run), HOW[letter], wall=wall, matched=matched)

    @rule(seconds=LATER, name=ANY)
    def a_run_begins(self, seconds, name):
        self.later(seconds)
        run = self.queued(name)
        self.jobs[name].running[run.pk] = self.now
        self.begins(run)

    @rule(seconds=LATER, name=ANY, end=st.sampled_from([AttemptStatus.SUCCEEDED, *BAD]))
    def a_run_that_is_at_work_ends(self, seconds, name, end):
        self.later(seconds)
        if run := Run.objects.filter(job=name, status="running").order_by("pk").first():
            attempt = run.attempts.get()
            claim = claims.Claim(
                run_id=run.pk,
                attempt_id=attempt.pk,
                attempt=1,
                job=name,
                trigger=run.trigger,
                scheduled_for=None,
                arguments=[],
                failures=0,
            )
            self.ends(name, run, claim, end)

    @rule(seconds=LATER, name=ANY, way=st.sampled_from(["cancelled while it waits", "cancelled at work", "excused"]))
    def an_operator_ends_a_run(self, seconds, name, way):
        """Nobody is to hear of it."""
        self.later(seconds)
        run = self.queued(name)
        if way == "excused":
            endings.miss(run.pk, name, "Everything was held.", excused=True)
        elif way == "cancelled at work":
            attempts.finish(self.begins(run), Outcome(status=AttemptStatus.CANCELLED, matched="disk full"))
        else:
            endings.cancel(run.pk, "ada")
        assert Run.objects.get(pk=run.pk).finished_at

    # Occurrences, and what operators do

    @rule(
        seconds=LATER,
        name=ANY,
        number=st.integers(1, 9),
        reason=st.sampled_from(["too_late", "superseded"]),
        away=st.booleans(),
    )
    def occurrences_get_no_run(self, seconds, name, number, reason, away):
        """Also while no tick has come for long: then they belong to our own outage."""
        self.later(seconds)
        settled_ticks()
        self.later(600 if away else 1)
        incidents.missed([Swallowed(name, reason, "", self.now, self.now, number)])
        if reason == "too_late" and not away:
            self.jobs[name].missed(number, self.now)

    @rule(seconds=LATER, name=ANY)
    def a_run_is_missed(self, seconds, name):
        self.later(seconds)
        endings.miss(self.queued(name).pk, name, "Nobody picked it up before its start deadline.")
        self.jobs[name].missed(1, self.now)

    @rule(seconds=LATER, name=ANY)
    def a_job_is_paused_or_goes_on(self, seconds, name):
        self.later(seconds)
        job = self.jobs[name]
        if job.paused_since:
            interventions.resume(registry[name], by="ada")
            job.paused_since, job.pause_ended_at = None, self.now
        else:
            interventions.pause(registry[name], by="ada")
            job.paused_since = self.now

    @rule(seconds=LATER, place=st.integers(0, 9))
    def an_operator_resolves_an_incident(self, seconds, place):
        self.later(seconds)
        if found := list(Incident.objects.open().order_by("pk")):
            incident = found[place % len(found)]
            incident_acts.resolve(incident.pk, by="ada")
            self.jobs[incident.job].resolved_by_hand(incident.cause, self.now)

    @rule()
    def all_recover(self):
        """Pauses end, what is at work ends, and each job succeeds for a while: then nothing is wrong any more."""
        for name, job in self.jobs.items():
            if job.paused_since:
                self.a_job_is_paused_or_goes_on(1, name)
            for _ in [*job.running]:
                self.a_run_that_is_at_work_ends(1, name, AttemptStatus.SUCCEEDED)
            self.runs_come_out(1, name, "S" * 6, False, HOUR / 2, "")
        self.tick(1)
        assert not Incident.objects.open().exists(), "every one that was opened is closed by recovery"

    # What holds at any time

    @invariant()
    def incidents_are_those_of_the_model(self):
        if not registry:
            return
        rows = Incident.objects.open().values_list("job", "cause", "count")
        expected = {(name, cause, number) for name, job in self.jobs.items() for cause, number in job.open.items()}
        assert sorted(rows) == sorted(expected)
        told = Counter(Incident.objects.values_list("job", "cause"))
        expected = {
            (name, cause): len(story.opened)
            for name, job in self.jobs.items()
            for cause, story in job.stories.items()
            if story.opened
        }
        assert told == expected, "as many were ever opened"

    @invariant()
    def each_is_told_once_and_its_end_once(self):
        told = Counter(Notice.objects.values_list("incident", "kind"))
        assert told == Counter(
            (incident.pk, kind)
            for incident in Incident.objects.all()
            for kind in ["opened", *(["resolved"] if incident.resolved_at else [])]
        )


@pytest.mark.timeout(600)
@pytest.mark.django_db
def test_random_histories_of_incidents(declared, settings):
    settings.JOBS_ALERTS = "none"
    run_state_machine_as_test(
        Alerts,
        settings=hypothesis_settings(
            max_examples=examples(100, quick=10),
            stateful_step_count=20,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
