import pytest

from jobs.ledger import pins
from jobs.models import Event, Run
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


def test_a_run_is_pinned_and_unpinned_with_an_event_for_each():
    run = a_run()
    assert pins.pin(run.pk, by="ada", reason="evidence")
    assert Run.objects.get().pinned
    assert pins.unpin(run.pk, by="bob")
    assert not Run.objects.get().pinned
    assert list(Event.objects.order_by("pk").values_list("kind", "run", "job", "by", "reason", "message")) == [
        ("pinned", run.pk, "nightly", "ada", "evidence", f"Run {run.pk} of nightly was pinned by ada: evidence"),
        ("unpinned", run.pk, "nightly", "bob", "", f"Run {run.pk} of nightly was unpinned by bob."),
    ]


def test_what_is_so_already_leaves_no_event():
    run = a_run()
    assert pins.unpin(run.pk, by="ada") is False
    pins.pin(run.pk, by="ada")
    assert pins.pin(run.pk, by="bob") is False
    assert Event.objects.count() == 1


def test_a_run_that_does_not_exist_is_none():
    assert pins.pin(17, by="ada") is None
