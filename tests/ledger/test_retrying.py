"""A run that has ended is asked for once more; labels and notes say what people know of a run."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from jobs.choices import ENDED, Status
from jobs.declarations.parameters import InvalidArguments
from jobs.declarations.registry import registry
from jobs.ledger import notes, retrying, run_labels, sql, triggers
from jobs.ledger.retention import prune
from jobs.models import Event, Note, Run
from jobs.reading import notes as reading
from jobs.reading.explain import explain
from tests.helpers.moments import ago
from tests.helpers.rows import NOON, a_queued_run, a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nightly(declared, rung):
    declared("nightly", command="succeeds", schedule="0 0 12 * * *")
    return registry["nightly"]


@pytest.mark.parametrize("status", sorted(ENDED))
def test_what_has_ended_is_retried_with_its_arguments_and_labels(status, rung):
    run = a_run(status=status, arguments=["--verbosity", "2"], labels=["ticket/7"])
    new = retrying.retry(run.pk, requested_by="anna")
    assert (new.status, new.arguments, new.labels) == (Status.QUEUED, ["--verbosity", "2"], ["ticket/7"])
    assert (new.retry_of_id, new.scheduled_for, new.requested_by) == (run.pk, None, "anna")
    assert rung == [new.pk]
    assert Event.objects.get(kind="started").message == (
        f"anna asked for run {new.pk} of nightly, which retries run {run.pk}."
    )


def test_it_may_have_other_arguments_that_the_command_accepts():
    run = a_run(status=Status.FAILED)
    assert retrying.retry(run.pk, ["--verbosity", "3"], requested_by="anna").arguments == ["--verbosity", "3"]
    with pytest.raises(InvalidArguments):
        retrying.retry(run.pk, ["--nonsense"], requested_by="anna")


def test_what_hasnt_ended_is_not_retried():
    run = a_queued_run()
    with pytest.raises(retrying.StillActive) as error:
        retrying.retry(run.pk, requested_by="anna")
    assert str(error.value) == (
        f"Run {run.pk} of nightly is queued. Retry it when it has ended; `manage.py cancel {run.pk}` ends it."
    )
    with pytest.raises(retrying.UnknownRun):
        retrying.retry(4711, requested_by="anna")


def test_a_retry_that_yields_is_never_skipped_for_another():
    failed = [a_run(status=Status.FAILED) for _ in range(3)]
    found = [retrying.retry(run.pk, requested_by="anna", yields=True) for run in failed]
    assert [(run.status, run.yields) for run in found] == [(Status.QUEUED, True)] * 3
    assert retrying.retry(failed[0].pk, requested_by="ben").status == Status.QUEUED


def test_the_occurrences_explanation_names_the_retry(nightly):
    run = a_run(status=Status.FAILED, scheduled_for=NOON, trigger="schedule")
    new = retrying.retry(run.pk, requested_by="anna")
    Run.objects.filter(pk=new.pk).update(created_at=NOON + timedelta(hours=1))
    said = explain(nightly, NOON, NOON + timedelta(hours=2)).sentences[-1]
    assert said == f"Run {new.pk} retried it (anna asked for it at 13:00): queued."


def test_a_runs_retry_stays_when_it_is_deleted():
    run = a_run(status=Status.FAILED)
    new = retrying.retry(run.pk, requested_by="anna")
    run.delete()
    new.refresh_from_db()
    assert new.retry_of is None


def test_a_run_is_started_with_labels():
    run = triggers.request("nightly", requested_by="anna", labels=["ticket/7", "billing", "billing"], ring=False)
    assert run.labels == ["billing", "ticket/7"]
    assert list(Run.objects.labelled("ticket/7")) == [run]
    assert not Run.objects.labelled("ticket")
    with pytest.raises(run_labels.BadLabel):
        triggers.request("nightly", requested_by="anna", labels=["two words"])
    with pytest.raises(run_labels.TooManyLabels):
        triggers.request("nightly", requested_by="anna", labels=map(str, range(11)))


def test_notes_are_about_a_run_a_job_or_a_day():
    run = a_run()
    notes.about_run(run.pk, "the bank's server was down", by="anna")
    notes.about_job("nightly", "ask Ben first", by="anna")
    notes.about_day(date(2026, 3, 14), "the network was down", by="anna", job="nightly")
    assert [note.text for note in reading.of_run(run.pk)] == ["the bank's server was down"]
    assert [note.text for note in reading.of_day(date(2026, 3, 14))] == ["the network was down"]
    assert [note.text for note in reading.of_job("nightly")] == [
        "the network was down",
        "ask Ben first",
        "the bank's server was down",
    ]
    assert Event.objects.filter(kind="noted").first().message == f"anna wrote a note about run {run.pk} of nightly."


@pytest.mark.parametrize(("text", "error"), [(" ", notes.NoText), ("x" * 1001, notes.TooLong)])
def test_a_note_has_text_and_is_short(text, error):
    with pytest.raises(error):
        notes.about_job("nightly", text, by="anna")


def test_a_note_is_changed_by_nobody_and_deleted_by_retention_alone():
    run = a_run(finished_at=ago(days=400))
    a_run()
    note = notes.about_run(run.pk, "down", by="anna")
    for statement in ("UPDATE nightshift_note SET text = 'up'", "DELETE FROM nightshift_note"):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            sql.execute(statement)
    run.delete()
    assert (Note.objects.get().run, Note.objects.get().job) == (None, "nightly")
    prune()
    assert Note.objects.get() == note
    assert prune(now=NOON + timedelta(days=3650)).notes == 1
    assert not Note.objects.exists()
