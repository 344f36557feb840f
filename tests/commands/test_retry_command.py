import pytest
from django.core.management import CommandError, call_command

from jobs.choices import Status
from jobs.management.operator import operator
from jobs.models import Run
from tests.helpers.rows import a_queued_run, a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nightly(declared, rung):
    declared("nightly", command="succeeds")


def test_a_run_is_retried_by_who_typed_it(says):
    run = a_run(status=Status.FAILED)
    said = says("retry", str(run.pk), "--with", "--verbosity", "2")
    new = Run.objects.latest("id")
    assert (new.retry_of, new.arguments, new.requested_by) == (run, ["--verbosity", "2"], operator())
    assert said == (
        f"Run {new.pk} of nightly is queued; it retries run {run.pk}. "
        f"`manage.py output {new.pk}` shows what it writes.\n"
    )


def test_what_cant_be_retried_gets_one_sentence():
    active = a_queued_run()
    with pytest.raises(CommandError, match=rf"^Run {active.pk} of nightly is queued\. Retry it when it has ended"):
        call_command("retry", str(active.pk))
    run = a_run(status=Status.FAILED)
    with pytest.raises(CommandError, match=rf"^Run {run.pk} can't be retried with these arguments: "):
        call_command("retry", str(run.pk), "--with", "--nonsense")


def test_notes_are_written_and_read(says):
    run = a_run()
    assert says("note", str(run.pk), "the bank's", "server") == f"Noted about run {run.pk}.\n"
    assert says("note", "nightly", "ask Ben first") == "Noted about nightly.\n"
    assert says("note", "2026-03-14", "a fire drill") == "Noted about 2026-03-14.\n"
    assert [line.split(": ")[1] for line in says("note", "nightly").splitlines()] == [
        "ask Ben first",
        "the bank's server",
    ]
    assert says("note", "2026-03-15") == "No notes about 2026-03-15.\n"
    with pytest.raises(CommandError, match=r"^No job is declared as 'nobody'"):
        call_command("note", "nobody", "text")
