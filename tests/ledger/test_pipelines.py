"""Steps follow the runs of what they come after."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.choices import AttemptStatus, Reason, Status
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, endings, interventions, leases, pipelines, states, triggers
from jobs.ledger.attempts import Outcome
from jobs.ledger.changed import Changed
from jobs.ledger.instance import Instance
from jobs.ledger.settle import settle
from jobs.models import Gap, JobState, Run
from tests.helpers.at_once import at_once
from tests.helpers.rows import a_pause, a_run

pytestmark = pytest.mark.django_db
DUE = datetime(2026, 3, 14, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
HERE = Instance(name="here", supervisor="", release="")


@pytest.fixture
def three_steps(declared):
    declared("fetch", command="succeeds", schedule="0 0 2 * * *")
    declared("load", command="succeeds", after="fetch")
    declared("report", command="succeeds", after="load")


def start(job, scheduled_for=DUE, **fields):
    run = a_run(job, Status.QUEUED, scheduled_for=scheduled_for, not_before=states.clock(), **fields)
    return claim(run)


def claim(run):
    claimed = claims.claim(run.pk, HERE)
    assert claimed is not None
    return claimed


def end(claimed, status=AttemptStatus.SUCCEEDED):
    ended = attempts.finish(claimed, Outcome(status=status, error="" if status == "succeeded" else "no"))
    assert ended is not None
    return [ring.run_id for ring in ended.rings]


def ledger():
    return [(run.job, run.status, run.reason) for run in Run.objects.order_by("id")]


def test_each_step_is_queued_when_the_one_before_it_succeeded(three_steps):
    fetch = start("fetch")
    assert not Run.objects.filter(job="load").exists()
    [load] = end(fetch)
    run = Run.objects.get(pk=load)
    assert (run.job, run.trigger, run.scheduled_for, run.chained_from_id) == ("load", "chain", DUE, fetch.run_id)
    assert run.requested_by == f"run {fetch.run_id} of fetch"
    [report] = end(claim(run))
    assert end(claim(Run.objects.get(pk=report))) == []
    assert ledger() == [("fetch", "succeeded", ""), ("load", "succeeded", ""), ("report", "succeeded", "")]


def test_after_a_failed_middle_the_last_step_is_skipped_with_the_reason(three_steps):
    [load] = end(start("fetch"))
    assert end(claim(Run.objects.get(pk=load)), AttemptStatus.FAILED) == []
    report = Run.objects.get(job="report")
    assert (report.status, report.reason, report.blocked_by_id) == (Status.SKIPPED, Reason.PREDECESSOR, load)
    assert report.error == f"Its predecessor load ended as failed (run {load})."
    assert report.finished_at is not None


def test_after_a_failed_beginning_all_steps_are_skipped(three_steps):
    fetch = start("fetch")
    end(fetch, AttemptStatus.TIMED_OUT)
    load, report = Run.objects.get(job="load"), Run.objects.get(job="report")
    assert load.error == f"Its predecessor fetch ended as timed_out (run {fetch.run_id})."
    assert report.error == f"Its predecessor load ended as skipped (run {load.pk})."
    assert report.blocked_by == load


def test_a_predecessor_that_is_tried_again_decides_nothing_yet(three_steps, declared):
    registry.remove("fetch")
    declared("fetch", command="succeeds", retries=1)
    run = start("fetch").run_id
    end(claim_again(run), AttemptStatus.FAILED)
    assert not Run.objects.filter(job="load").exists()


def claim_again(run):
    [(claimed, _)] = [found for found in leases.of_instance("here") if found[0].run_id == run]
    return claimed


@pytest.mark.parametrize("what", ["cancel", "miss", "lose"])
def test_a_predecessor_that_never_ran_to_its_end_skips_its_steps(three_steps, what):
    run = a_run("fetch", Status.QUEUED, scheduled_for=DUE, not_before=states.clock())
    match what:
        case "cancel":
            endings.cancel(run.pk, "ada")
        case "miss":
            endings.miss(run.pk, run.job, "no")
        case "lose":
            leases.declare_lost([claim(run)], "no", only_if_lease_expired=False)
    assert [job for job, status, _ in ledger() if status == Status.SKIPPED] == ["load", "report"]


@pytest.fixture
def two_sources(declared):
    declared("left", command="succeeds", schedule="0 0 2 * * *")
    declared("right", command="succeeds", schedule="0 0 2 * * *")
    declared("join", command="succeeds", after=["left", "right"])


def test_a_step_with_two_predecessors_waits_for_both(two_sources):
    left, right = start("left"), start("right")
    assert end(left) == []
    assert not Run.objects.filter(job="join").exists()
    [join] = end(right)
    assert Run.objects.get(pk=join).scheduled_for == DUE


def test_predecessors_of_different_occurrences_dont_make_one(two_sources):
    end(start("left"))
    assert end(start("right", DUE.replace(day=15))) == []


def test_one_failed_predecessor_of_two_skips_the_step_once(two_sources):
    left, right = start("left"), start("right")
    end(left, AttemptStatus.FAILED)
    assert end(right) == []
    assert ledger()[2:] == [("join", "skipped", "predecessor")]


@pytest.mark.django_db(transaction=True)
def test_two_predecessors_that_end_at_once_queue_one_step(two_sources):
    for day in range(1, 11):
        due = DUE.replace(day=day)
        at_once(end, [start("left", due), start("right", due)])
        assert Run.objects.filter(job="join", scheduled_for=due).count() == 1
        Run.objects.filter(job="join").update(status="succeeded", finished_at=due)


@pytest.mark.django_db(transaction=True)
def test_a_step_may_end_while_its_predecessor_has_it_replaced(declared):
    """Each changes what the other needs: were their locks not taken in one order, one would fail as a deadlock."""
    declared("fetch", command="succeeds", schedule="0 0 2 * * *")
    declared("load", command="succeeds", after="fetch", overlap="replace")
    declared("report", command="succeeds", after="load")
    for day in range(1, 21):
        due = DUE.replace(day=day)
        at_once(end, [start("fetch", due), start("load", None, exclusive=True)])
        Run.objects.filter(status="queued").update(status="succeeded", finished_at=due)


def test_a_paused_step_is_skipped_with_the_reason_and_so_are_those_after_it(three_steps):
    interventions.pause(registry["load"], by="ada", reason="the bank moves")
    assert end(start("fetch")) == []
    load = Run.objects.get(job="load")
    assert (load.status, load.reason, load.error) == ("skipped", "paused", "The job was paused by ada: the bank moves")
    assert Run.objects.get(job="report").status == Status.SKIPPED


def test_a_step_whose_last_run_is_still_at_work_is_skipped(three_steps):
    busy = start("load", None)
    assert end(start("fetch")) == []
    load = Run.objects.get(job="load", scheduled_for=DUE)
    assert (load.status, load.reason, load.blocked_by_id) == (Status.SKIPPED, Reason.OVERLAP, busy.run_id)
    assert load.error == f"Run {busy.run_id} of load was in its way (overlap='skip')."


def test_a_step_may_replace_its_last_run(declared):
    declared("fetch", command="succeeds")
    declared("load", command="succeeds", after="fetch", overlap="replace")
    waiting = a_run("load", Status.QUEUED)
    [load] = end(start("fetch"))
    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED
    assert load != waiting.pk


def test_after_a_run_started_by_hand_the_step_follows_that_run(two_sources):
    run = triggers.request("left", requested_by="ada", ring=False)
    [join] = end(claim(run))
    step = Run.objects.get(pk=join)
    assert (step.scheduled_for, step.chained_from_id) == (None, run.pk)


def test_a_run_that_is_skipped_as_it_is_asked_for_skips_its_steps_too(three_steps):
    start("fetch", None)
    skipped = triggers.request("fetch", requested_by="ada", ring=False)
    assert skipped.status == Status.SKIPPED
    load = Run.objects.get(job="load")
    assert (load.status, load.reason, load.chained_from_id) == ("skipped", "predecessor", skipped.pk)
    assert load.error == f"Its predecessor fetch ended as skipped (run {skipped.pk})."
    assert Run.objects.get(job="report").status == Status.SKIPPED


def test_a_run_has_each_step_once(three_steps):
    claimed = start("fetch", None)
    [load] = end(claimed)
    succeeded = Changed(run_id=claimed.run_id, job="fetch", status=Status.SUCCEEDED, scheduled_for=None)
    assert endings.follow(succeeded, pipelines.current()) == []
    assert Run.objects.filter(job="load").get().pk == load


def settled(*names, at=DUE):
    """The timers of these jobs are called, one after another."""
    return [run.run for name in names for run in settle([registry[name]], at).runs]


def step_records(job="join"):
    runs = [(run.scheduled_for, run.scheduled_for, run.status) for run in Run.objects.filter(job=job)]
    return sorted(runs + [(gap.first, gap.last, gap.fate) for gap in Gap.objects.filter(job=job)])


@pytest.fixture
def before_due(two_sources, declared):
    declared("last", command="succeeds", after="join")
    states.begin(registry.scheduled(), DUE - timedelta(days=2))
    settled("left", "right", at=DUE - timedelta(days=1))
    Run.objects.update(status="succeeded", finished_at=DUE - timedelta(days=1))
    Gap.objects.all().delete()
    JobState.objects.update(last_gap=None)


@pytest.mark.parametrize("first", ["the run's end", "the gap"])
def test_a_step_is_skipped_where_one_predecessor_got_no_run_in_either_order(before_due, first):
    a_pause("left", began_at=DUE - HOUR)
    if first == "the gap":
        settled("left")
    [right] = settled("right")
    Run.objects.update(start_by=None)
    assert end(claim(Run.objects.get(pk=right))) == []
    settled("left")
    assert step_records() == [(DUE, DUE, "skipped")]
    assert step_records("last") == [(DUE, DUE, "skipped")]


def test_a_step_whose_predecessors_all_got_no_run_has_one_gap(before_due):
    a_pause("left", began_at=DUE - HOUR)
    a_pause("right", began_at=DUE - HOUR)
    for day in range(30):
        settled("left", "right", at=DUE + timedelta(days=day))
    for step in ("join", "last"):
        gap = Gap.objects.get(job=step)
        assert (gap.first, gap.last, gap.count) == (DUE, DUE + timedelta(days=29), 30)
        assert (gap.reason, gap.note) == ("predecessor", "left was skipped (paused)")


def test_a_steps_gap_leaves_out_what_is_recorded_already(before_due):
    """For the second of three days the other predecessor's run failed before anyone settled this one."""
    a_day = timedelta(days=1)
    end(start("right", DUE + a_day), AttemptStatus.FAILED)
    a_pause("left", began_at=DUE - HOUR)
    settled("left", at=DUE + 2 * a_day)
    assert step_records() == [
        (DUE, DUE, "skipped"),
        (DUE + a_day, DUE + a_day, "skipped"),
        (DUE + 2 * a_day, DUE + 2 * a_day, "skipped"),
    ]
    assert Gap.objects.filter(job="join").count() == 2


def test_a_failed_predecessor_adds_nothing_to_a_steps_gap(before_due):
    a_pause("left", began_at=DUE - HOUR)
    settled("left")
    end(start("right"), AttemptStatus.FAILED)
    assert step_records() == [(DUE, DUE, "skipped")]


def test_a_step_doesnt_wait_for_a_predecessor_whose_ledger_began_later(two_sources):
    states.begin([registry["left"]], DUE - HOUR)
    states.begin([registry["right"]], DUE + HOUR)
    JobState.objects.filter(pk="right").update(ledger_from=DUE + HOUR, ledger_through=DUE + HOUR)
    end(start("left"))
    run = Run.objects.get(job="join")
    assert (run.status, run.error) == ("skipped", "Its predecessor right wasn't due then by its ledger.")


def test_a_step_doesnt_wait_for_an_occurrence_that_an_edit_took_away(before_due, declared, monkeypatch):
    """The right one was settled for 02:00, the left one not yet; then both come at 03:00."""
    settled("right")
    Run.objects.update(start_by=None)
    assert end(claim(Run.objects.get(job="right", scheduled_for=DUE))) == []
    registry.clear()
    for name in ("left", "right"):
        declared(name, command="succeeds", schedule="0 0 3 * * *")
    declared("join", command="succeeds", after=["left", "right"])
    monkeypatch.setattr(states, "first_seen", lambda clock: DUE - HOUR)
    settled("left", at=DUE + HOUR / 2)
    run = Run.objects.get(job="join")
    assert (run.status, run.error) == ("skipped", "Its predecessor left wasn't due then by its ledger.")


@pytest.mark.django_db(transaction=True)
def test_a_predecessors_end_and_the_others_gap_at_once_are_recorded_once(before_due):
    a_pause("left", began_at=DUE - HOUR)
    for day in range(10):
        due = DUE + timedelta(days=day)
        claimed = start("right", due)
        at_once(lambda work: work(), [lambda: end(claimed), lambda: settled("left", at=due)])  # noqa: B023
        assert [each for each in step_records() if each[0] <= due <= each[1]] != []
    assert (
        Run.objects.filter(job="join", scheduled_for__gte=DUE).count()
        + sum(Gap.objects.filter(job="join").values_list("count", flat=True))
        == 10
    )


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_step_is_locked_is_left_to_the_next_tick(before_due, locked):
    """A predecessor of that step is about to end."""
    with locked("SELECT FROM nightshift_jobstate WHERE job = %s FOR UPDATE", "join"):
        assert settle([registry["left"]], DUE, skip_locked=True).runs == []
    assert len(settle([registry["left"]], DUE, skip_locked=True).runs) == 1
