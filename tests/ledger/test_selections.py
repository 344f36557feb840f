"""What is selected is frozen: only that is acted on, each once, and each answers for itself."""

from datetime import timedelta

import pytest

from jobs.choices import Act, Status
from jobs.declarations.registry import registry
from jobs.ledger import interventions, selections, states
from jobs.models import Intervention, Run, Selection
from tests.helpers.at_once import at_once
from tests.helpers.rows import a_queued_run, a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs(declared, rung):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    declared("secret", command="succeeds", schedule="0 0 4 * * *")


def everywhere(job):
    return True


def failed(*jobs):
    return [a_run(job, Status.FAILED).pk for job in jobs]


def select(by="anna"):
    return selections.select_runs(Run.objects.filter(status=Status.FAILED), {"status": "failed"}, by=by)


def test_what_fails_after_the_preview_is_not_touched():
    before = failed("nightly", "nightly")
    selected = select()
    [after] = failed("nightly")
    assert (selected.count, selected.highest_id) == (2, before[1])
    found = selections.apply(selected.token, Act.RETRY, by="anna", allowed=everywhere)
    assert [(each.member, each.done) for each in found.results] == [(run, True) for run in before]
    assert set(Run.objects.exclude(retry_of=None).values_list("retry_of", flat=True)) == set(before)
    assert not Run.objects.filter(retry_of=after).exists()


def test_retries_of_one_job_wait_for_each_other_and_none_is_skipped(rung):
    failed(*["nightly"] * 5)
    selections.apply(select().token, Act.RETRY, by="anna", allowed=everywhere)
    retries = Run.objects.exclude(retry_of=None).order_by("pk")
    assert [run.status for run in retries] == [Status.QUEUED] * 5
    assert rung == [retries[0].pk], "each of the others waits for the one before it"


def test_each_refusal_has_its_reason_and_keeps_nobody_else_from_it():
    gone, secret, active = a_run(status=Status.QUEUED), a_run("secret", Status.QUEUED), a_queued_run()
    selected = selections.select_runs(Run.objects.all(), {}, by="anna")
    Run.objects.filter(pk=gone.pk).update(status=Status.CANCELLED, finished_at=states.clock())
    found = selections.apply(selected.token, Act.CANCEL, by="anna", allowed=lambda job: job != "secret")
    assert found.results == [
        (gone.pk, "nightly", False, "It has already ended: cancelled."),
        (secret.pk, "secret", False, "You may not cancel secret."),
        (active.pk, "nightly", True, "It is cancelled."),
    ]


def test_a_selection_is_applied_in_batches():
    failed(*["nightly"] * 5)
    token = select().token
    found = [selections.apply(token, Act.RETRY, by="anna", allowed=everywhere, limit=2) for _ in range(4)]
    assert [(len(each.results), each.left) for each in found] == [(2, 3), (2, 1), (1, 0), (0, 0)]
    assert Run.objects.exclude(retry_of=None).count() == 5


def test_jobs_are_paused_and_resumed():
    interventions.pause(registry["secret"], by="ada")
    selected = selections.select_jobs(["nightly", "secret"], {"label": "night"}, by="anna")
    found = selections.apply(selected.token, Act.PAUSE, by="anna", allowed=everywhere, reason="moving")
    assert [each.done for each in found.results] == [True, False]
    assert found.results[1].says == "Job 'secret' is paused already, by ada. Resume it first, or leave it so."
    again = selections.select_jobs(["nightly"], {}, by="anna")
    assert selections.apply(again.token, Act.RESUME, by="anna", allowed=everywhere).results[0].says == "It is resumed."
    assert Intervention.objects.in_force().count() == 1


def test_a_selection_is_its_owners_for_ten_minutes_and_for_one_act():
    failed("nightly")
    selected = select()
    assert selected.token not in str(Selection.objects.values().get())
    with pytest.raises(selections.UnknownSelection):
        selections.apply(selected.token, Act.RETRY, by="ben", allowed=everywhere)
    with pytest.raises(selections.OtherAct, match=r"A selection of runs can't be used to pause\. Select again\."):
        selections.apply(selected.token, Act.PAUSE, by="anna", allowed=everywhere)
    Selection.objects.update(expires_at=states.clock() - timedelta(seconds=1))
    with pytest.raises(selections.SelectionExpired):
        selections.apply(selected.token, Act.RETRY, by="anna", allowed=everywhere)
    Selection.objects.update(expires_at=states.clock() - 2 * selections.KEPT)
    select()
    assert Selection.objects.count() == 1


def test_too_many_are_refused(monkeypatch):
    monkeypatch.setattr(selections, "MOST", 1)
    failed("nightly", "nightly")
    with pytest.raises(selections.TooManySelected, match="More than 1 runs are selected"):
        select()


@pytest.mark.django_db(transaction=True)
def test_two_who_apply_it_at_the_same_moment_act_on_each_run_once():
    failed(*["nightly"] * 6)
    token = select().token
    at_once(lambda _: selections.apply(token, Act.RETRY, by="anna", allowed=everywhere, limit=2), range(4))
    assert sorted(Run.objects.exclude(retry_of=None).values_list("retry_of", flat=True)) == sorted(
        Run.objects.filter(status=Status.FAILED).values_list("pk", flat=True)
    )
