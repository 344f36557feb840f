"""An operator's override takes the declaration's place, and gives it back by itself."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from jobs.azure import functions
from jobs.checks import schedule_settings
from jobs.choices import Status
from jobs.declarations.parameters import InvalidArguments
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import in_force, interventions, overrides, states, triggers
from jobs.ledger.pipelines import DifferentSchedules
from jobs.ledger.settle import retire, settle
from jobs.models import Event, Gap, Intervention, JobState, Run
from jobs.reading import upcoming
from jobs.reading.drift import drift
from jobs.reading.explain import explain
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.zones import UnknownZone
from tests.helpers.rows import an_override, first_seen_at

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def now(monkeypatch):
    """The database's clock, by which every job of the test is first seen."""
    now = states.clock()
    first_seen_at(monkeypatch, now)
    return now


@pytest.fixture
def nightly(declared, now):
    """A job of every day, due some twelve hours from now."""
    declared("nightly", "--word", "declared", command="succeeds", schedule=f"0 0 {(now.hour + 12) % 24} * * *")
    settle([registry["nightly"]])
    return registry["nightly"]


def test_an_overridden_schedule_holds_at_once(nightly, now):
    interventions.override(nightly, schedule="0 */10 * * * *", by="ada", reason="the bank moves")
    queued = settle([nightly], now + HOUR).runs
    (run,) = Run.objects.filter(pk__in=[found.run for found in queued])
    assert now + HOUR - run.scheduled_for < timedelta(minutes=10)
    assert sum(Gap.objects.values_list("count", flat=True)) == 5


def test_an_overridden_zone_holds_with_the_declared_expression(nightly):
    interventions.override(nightly, time_zone="Asia/Tokyo", by="ada")
    job = overrides.effective(nightly)
    assert job.schedule.expression == nightly.schedule.expression
    assert job.schedule.zone.key == "Asia/Tokyo"


def test_overridden_arguments_reach_scheduled_and_requested_runs(nightly, now):
    interventions.override(nightly, arguments=["--word", "overridden"], by="ada")
    settle([nightly], now + 24 * HOUR)
    triggers.request("nightly", requested_by="bob", ring=False)
    assert list(Run.objects.values_list("arguments", flat=True)) == [["--word", "overridden"]] * 2
    assert Run.objects.first().scheduled_for == nightly.schedule.next(now)


def test_arguments_given_with_a_request_come_before_overridden_ones(nightly):
    interventions.override(nightly, arguments=["--word", "overridden"], by="ada")
    run = triggers.request("nightly", ["--word", "given"], requested_by="bob", ring=False)
    assert run.arguments == ["--word", "given"]


def test_overridden_arguments_alone_leave_the_ledger_as_it_is(nightly):
    before = JobState.objects.get()
    interventions.override(nightly, arguments=[], by="ada")
    after = JobState.objects.get()
    assert (after.fingerprint, after.ledger_from) == (before.fingerprint, before.ledger_from)


def test_an_override_ends_by_itself_and_each_schedule_keeps_its_occurrences(nightly, now):
    until = now + timedelta(minutes=35)
    interventions.override(nightly, schedule="0 */10 * * * *", by="ada", until=until)
    queued = settle([nightly], now + 25 * HOUR).runs
    # Those of the override are long too late, and the declared one is due.
    assert [run.scheduled_for for run in queued] == [nightly.schedule.next(now)]
    gap = Gap.objects.get()
    assert gap.reason == "too_late"
    assert gap.last <= until
    assert gap.count in {3, 4}
    state = JobState.objects.get()
    override = Intervention.objects.get()
    assert (override.ended_at, override.ended_by, state.fingerprint) == (until, "", nightly.fingerprint)
    assert state.ledger_from == until - timedelta(microseconds=1)  # the end is the declaration's
    assert Event.objects.get(kind="override_ended").message == "The override of nightly by ada has ended."


def test_what_was_due_before_and_after_an_overrides_end_is_decided_as_one(nightly, now):
    """Down over its end: the latest occurrence runs, and the override's is not in its way."""
    due = nightly.schedule.next(now)
    interventions.override(
        nightly, schedule=f"0 30 {(due - HOUR).hour} * * *", by="ada", until=due - timedelta(minutes=10)
    )
    assert [run.scheduled_for for run in settle([nightly], due + timedelta(minutes=20)).runs] == [due]
    assert [(gap.last, gap.reason) for gap in Gap.objects.all()] == [(due - timedelta(minutes=30), "superseded")]


def test_an_occurrence_keeps_the_arguments_of_its_time(declared, now):
    declared("nightly", "--word", "declared", command="succeeds", schedule="0 0 * * * *", misfire="all")
    job = registry["nightly"]
    settle([job])
    end = job.schedule.next(now) + timedelta(minutes=1)
    interventions.override(job, arguments=["--word", "overridden"], by="ada", until=end)
    settle([job], end + HOUR)
    words = Run.objects.order_by("scheduled_for").values_list("arguments", flat=True)
    assert list(words) == [["--word", "overridden"], ["--word", "declared"]]


def test_an_occurrence_at_an_overrides_end_is_the_declarations(nightly, now):
    due = nightly.schedule.next(now)
    interventions.override(nightly, schedule="0 0 0 30 1 *", by="ada", until=due)
    assert [run.scheduled_for for run in settle([nightly], due + timedelta(minutes=1)).runs] == [due]


def test_the_tick_looks_where_an_override_ends(nightly, now):
    until = now + timedelta(minutes=5)
    interventions.override(nightly, schedule="0 0 0 1 1 *", by="ada", until=until)
    settle([nightly])
    assert JobState.objects.get().next_due_at == until


def test_a_removed_schedule_that_comes_back_under_an_override_begins_again_then(nightly, now, monkeypatch):
    interventions.override(nightly, schedule="0 0 * * * *", by="ada")
    retire([])
    first_seen_at(monkeypatch, now + 24 * HOUR)
    settle([nightly], now + 26 * HOUR)
    assert JobState.objects.get().ledger_from == now + 24 * HOUR
    assert Run.objects.count() + sum(Gap.objects.values_list("count", flat=True)) == 2


def test_who_ends_the_override_of_a_removed_schedule_begins_no_ledger(nightly):
    interventions.override(nightly, schedule="0 0 * * * *", by="ada")
    retire([])
    interventions.end_override(nightly, by="ada")
    assert JobState.objects.get().fingerprint == ""


def test_an_operator_may_end_it(nightly, now):
    interventions.override(nightly, schedule="0 */10 * * * *", by="ada")
    interventions.end_override(nightly, by="bob")
    state = JobState.objects.get()
    assert (Intervention.objects.get().ended_by, state.fingerprint) == ("bob", nightly.fingerprint)
    assert Event.objects.get(kind="override_ended").message == "bob ended the override of nightly by ada."
    settle([nightly])
    assert JobState.objects.get().next_due_at == nightly.schedule.next(now)
    with pytest.raises(
        interventions.NotOverridden,
        match=r"^Job 'nightly' is not overridden\. `manage\.py drift` lists the jobs that are\.$",
    ):
        interventions.end_override(nightly, by="bob")


def test_what_is_due_when_an_operator_ends_it_still_runs(nightly, now, rung):
    interventions.override(nightly, schedule="* * * * * *", by="ada")
    JobState.objects.update(ledger_through=now - timedelta(seconds=10))
    Intervention.objects.update(began_at=now - timedelta(seconds=10))
    interventions.end_override(nightly, by="bob")
    assert rung == [Run.objects.get().pk]


def test_an_override_invents_no_past_and_loses_none(nightly, now):
    """An occurrence of the declaration that was due before the override is settled by it."""
    JobState.objects.update(ledger_through=now - 24 * HOUR, ledger_from=now - 24 * HOUR)
    interventions.override(nightly, schedule="0 */10 * * * *", by="ada")
    assert [run.scheduled_for for run in Run.objects.all()] == [nightly.schedule.previous(now)]
    assert not Gap.objects.exists()


def test_the_tick_serves_an_overridden_job(nightly, now, monkeypatch):
    tick.here.is_aligned = True
    monkeypatch.setattr("jobs.ledger.doorbell.ring_all", lambda _: None)
    interventions.override(nightly, schedule="* * * * * *", by="ada")
    # At once: its timer, to which the tick leaves fresh occurrences, doesn't know of this one.
    JobState.objects.update(next_due_at=now - timedelta(seconds=1), ledger_through=now - timedelta(seconds=2))
    Intervention.objects.update(began_at=now - timedelta(seconds=2))
    assert [run.job for run in tick.tick()] == ["nightly"]


def test_explain_says_who_overrides(nightly, now):
    interventions.override(nightly, schedule="0 */10 * * * *", by="ada", reason="the bank moves")
    settle([nightly], now + HOUR)
    assert "Its declaration is overridden by ada: the bank moves" in explain(nightly, now=now + HOUR).text


@pytest.mark.parametrize("by", ["itself", "bob"])
def test_explain_names_the_override_that_displaced_an_occurrence(nightly, now, by):
    displaced = nightly.schedule.next(now)
    # Since yesterday, so that the occurrence has passed.
    displaced -= 24 * HOUR
    JobState.objects.update(ledger_from=now - 48 * HOUR, ledger_through=now - 48 * HOUR)
    interventions.override(nightly, schedule="0 0 0 1 1 *", by="ada", reason="the bank moves", until=now + HOUR)
    Intervention.objects.update(began_at=displaced - HOUR)
    JobState.objects.update(ledger_from=displaced - HOUR, ledger_through=displaced - HOUR)
    Run.objects.all().delete()
    Gap.objects.all().delete()
    if by == "bob":
        interventions.end_override(nightly, by=by)
    else:
        Intervention.objects.update(until=displaced + HOUR)
        settle([nightly])
    told = explain(nightly, displaced).text
    assert "Its declaration was overridden by ada from " in told
    assert (f", when {by} ended that: the bank moves." in told) == (by == "bob")
    assert "first seen" not in told


@pytest.mark.parametrize(
    ("change", "refusal", "sentence"),
    [
        (
            {},
            interventions.NothingToOverride,
            "Say what of job 'nightly' to override: its schedule, time zone or arguments.",
        ),
        ({"schedule": "7"}, InvalidExpression, None),
        (
            {"schedule": "0 0 0 30 2 *"},
            interventions.NeverDue,
            "Overridden by '0 0 0 30 2 *', job 'nightly' would never be due: no such day comes. To stop it, pause it.",
        ),
        ({"time_zone": "Europe/Berln"}, UnknownZone, None),
        ({"arguments": ["--wrod", "x"]}, InvalidArguments, "unrecognized arguments: --wrod x"),
    ],
)
def test_a_wrong_override_is_refused_and_changes_nothing(nightly, change, refusal, sentence):
    with pytest.raises(refusal) as refused:
        interventions.override(nightly, by="ada", **change)
    assert sentence is None or str(refused.value) == sentence
    assert not Intervention.objects.exists()


def test_a_second_override_names_the_first(nightly):
    interventions.override(nightly, schedule="0 */10 * * * *", by="ada", reason="the bank moves")
    with pytest.raises(interventions.AlreadyOverridden) as refused:
        interventions.override(nightly, schedule="0 */20 * * * *", by="bob")
    assert str(refused.value) == (
        "Job 'nightly' is overridden already, by ada: the bank moves. End that override first, or leave it so."
    )


def test_a_job_without_a_schedule_has_none_to_override(declared):
    declared("by_hand", command="succeeds")
    with pytest.raises(interventions.NothingToOverride) as refused:
        interventions.override(registry["by_hand"], schedule="0 */10 * * * *", by="ada")
    assert str(refused.value) == (
        "Job 'by_hand' has no schedule to override: it is started by hand or by its predecessors. "
        "Override its arguments, or declare a schedule."
    )


def test_an_end_in_the_past_is_refused(nightly, now):
    with pytest.raises(interventions.OverrideEndsInThePast):
        interventions.override(nightly, schedule="0 */10 * * * *", by="ada", until=now - HOUR)


def test_what_comes_next_follows_the_override(nightly, capsys):
    interventions.override(nightly, schedule="0 7 5 * * *", time_zone="UTC", by="ada")
    call_command("next", "nightly", "-n", "1", "--format", "json")
    assert "T05:07:00" in capsys.readouterr().out
    call_command("upcoming", "--hours", "24", "--format", "json")
    assert "T05:07:00" in capsys.readouterr().out


def test_what_comes_next_is_what_serve_does_also_at_an_overrides_end_and_at_a_pauses(declared, now):
    """All occurrences, from before the ends to after them, against the runs and gaps that come of them."""
    end = now.replace(minute=0, second=0, microsecond=0) + 3 * HOUR
    for name, mine, other in (("mine", "0 0 * * * *", "0 30 * * * *"), ("theirs", "0 30 * * * *", "0 0 * * * *")):
        declared(name, command="succeeds", schedule=mine, overlap="allow", misfire="all", start_deadline=24 * HOUR)
        settle([registry[name]], now)
        interventions.override(registry[name], schedule=other, by="ada", until=end)
        interventions.pause(registry[name], by="bob", until=end - HOUR)
    found = upcoming.upcoming(registry.values(), states.clock(), end + 3 * HOUR, current=in_force.by_job())
    settle(registry.values(), end + 3 * HOUR)
    runs = Run.objects.order_by("scheduled_for", "job").values_list("job", "scheduled_for")
    assert sorted((row.job.name, row.first) for row in found if not row.skipped) == sorted(runs)
    skipped = sum(Gap.objects.filter(reason="paused").values_list("count", flat=True))
    assert len([row for row in found if row.skipped]) == skipped >= 2
    # At its very end the override holds no longer.
    assert ("mine", end) in runs
    assert ("theirs", end) not in runs


# A run at a later moment


def test_a_run_for_later_waits_and_is_in_nobodys_way(nightly, now, rings):
    later = triggers.request("nightly", requested_by="ada", not_before=now + 30 * HOUR)
    assert later.status == Status.QUEUED
    ((run, delay),) = rings
    assert run == later.pk
    assert timedelta(hours=29) < delay <= timedelta(hours=30)
    (queued,) = settle([nightly], now + 24 * HOUR).runs
    assert Run.objects.get(pk=queued.run).status == Status.QUEUED


# App settings


def test_an_app_setting_overrides_a_schedule(declared, monkeypatch):
    monkeypatch.setenv("JOBS_SCHEDULE__IMPORT_RATES", "0 30 5 * * *")
    declared("import-rates", command="succeeds", schedule="0 0 3 * * *")
    job = registry["import-rates"]
    assert job.schedule.expression.text == "0 30 5 * * *"
    assert (job.schedule_setting, job.declared_schedule) == ("JOBS_SCHEDULE__IMPORT_RATES", "0 0 3 * * *")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            "at three",
            "The expression 'at three' has 2 fields, not five or six separated by spaces. Write second, minute, hour, "
            "day of month, month and day of week, like '0 0 3 * * *'.",
        ),
        ("%THREE%", "There is no setting THREE."),
    ],
)
def test_a_setting_that_cant_be_read_is_a_check_error_and_leaves_the_job_its_declared_schedule(
    declared, monkeypatch, text, why
):
    monkeypatch.setenv("JOBS_SCHEDULE__NIGHTLY", text)
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    (problem,) = registry.problems
    assert (problem.id, problem.message, problem.hint) == (
        "jobs.E021",
        f"The app setting JOBS_SCHEDULE__NIGHTLY can't be read as a schedule: {why}",
        "Correct it, or remove it. Until then the declared schedule is in force.",
    )
    job = registry["nightly"]
    assert (job.fingerprint, job.schedule_setting, job.has_timer) == ("0 0 3 * * * UTC", "", True)
    assert schedule_settings() == []


@pytest.mark.django_db(transaction=True)
def test_a_typo_in_a_setting_costs_the_job_no_timer_and_no_watermark(declared, monkeypatch):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    settle([registry["nightly"]])
    before = JobState.objects.get()
    registry.clear()
    monkeypatch.setenv("JOBS_SCHEDULE__NIGHTLY", "at three")
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    retire([job.name for job in registry.scheduled()])
    after = JobState.objects.get()
    assert (after.fingerprint, after.next_due_at) == (before.fingerprint, before.next_due_at)
    assert "nightly" in [function.get_function_name() for function in functions.build().get_functions()]


@pytest.mark.parametrize("text", ["", "0 0 3 * * *", "0 3 * * *"])
def test_a_setting_that_says_what_is_declared_overrides_nothing(declared, monkeypatch, text):
    monkeypatch.setenv("JOBS_SCHEDULE__NIGHTLY", text)
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    assert registry["nightly"].schedule_setting == ""
    assert schedule_settings() == []
    assert drift() == []


def test_a_setting_for_no_job_is_warned_of(declared, monkeypatch):
    monkeypatch.setenv("JOBS_SCHEDULE__NIHGTLY", "0 0 3 * * *")
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    (warning,) = schedule_settings()
    assert (warning.id, warning.msg, warning.hint) == (
        "jobs.W011",
        "The app setting JOBS_SCHEDULE__NIHGTLY overrides a schedule, but no job has that name.",
        "`manage.py jobs` lists the jobs. The setting ends in the job's name in capitals, with _ for -.",
    )


def test_the_setting_of_a_declaration_with_a_mistake_is_no_second_one(declared, monkeypatch):
    monkeypatch.setenv("JOBS_SCHEDULE__NIGHTLY", "0 0 3 * * *")
    declared("nightly", command="succeeds", schedule="0 0 3 * * *", overlap="never")
    assert [problem.id for problem in registry.problems] == ["jobs.E007"]
    assert schedule_settings() == []


def test_two_jobs_that_would_share_a_setting_are_warned_of(declared):
    declared("import-rates", command="succeeds", schedule="0 0 3 * * *")
    declared("import_rates", command="succeeds", schedule="0 0 4 * * *")
    declared("Import_Rates", command="succeeds", schedule="0 0 4 * * *")
    (warning,) = schedule_settings()
    assert (warning.id, warning.msg, warning.hint) == (
        "jobs.W013",
        "The app setting JOBS_SCHEDULE__IMPORT_RATES would override the schedules of both both 'import-rates' and "
        "'import_rates' alike.",
        "The setting ends in the job's name in capitals, with _ for -. Rename one of the jobs.",
    )


@pytest.fixture
def two_sources(declared):
    for name in ("left", "right"):
        declared(name, command="succeeds", schedule="0 0 2 * * *")
    declared("join", command="succeeds", after=["left", "right"])
    declared("last", command="succeeds", after="join")
    settle(registry.scheduled())


def test_an_override_that_parts_a_steps_predecessors_is_refused(two_sources):
    with pytest.raises(DifferentSchedules) as error:
        interventions.override(registry["left"], schedule="0 0 3 * * *", by="ada")
    assert str(error.value) == (
        "The predecessors of job 'join' have different schedules, so it would never run. Give them one schedule."
    )
    assert not Intervention.objects.exists()


def test_arguments_of_a_steps_predecessor_can_be_overridden(two_sources):
    interventions.override(registry["left"], arguments=[], by="ada")
    assert Intervention.objects.get().job == "left"


def test_a_step_that_an_older_override_parts_from_a_predecessor_says_so(two_sources):
    an_override("left", schedule="0 0 3 * * *")
    JobState.objects.filter(pk="left").update(fingerprint="0 0 3 * * * UTC")
    told = explain(registry["join"]).text
    assert (
        "The predecessors of job 'join' have different schedules, so it would never run. Give them one schedule."
        in told
    )
    assert told.endswith("left is overridden by ada.")


def test_the_step_after_an_overridden_job_is_explained_by_the_override(declared):
    declared("left", command="succeeds", schedule="0 0 2 * * *")
    declared("step", command="succeeds", after="left")
    interventions.override(registry["left"], schedule="0 0 3 * * *", by="ada")
    assert explain(registry["step"]).occurrence.hour == 3
