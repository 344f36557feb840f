import pytest
from django.core.management import CommandError

from jobs.management.operator import operator
from jobs.models import Event
from tests.helpers.rows import a_run


def test_runs_are_pinned_listed_and_unpinned(says):
    run, other = a_run(), a_run("weekly")
    assert says("runs", "--pinned") == "No pinned runs.\n"
    assert says("pin", str(run.pk), "--reason", "evidence") == f"Run {run.pk} is pinned.\n"
    assert says("pin", str(run.pk)) == f"Run {run.pk} is pinned already.\n"
    listed = says("runs", "--pinned")
    assert "nightly" in listed
    assert "weekly" not in listed
    assert says("unpin", str(run.pk), str(other.pk)) == (
        f"Run {run.pk} is no longer pinned.\nRun {other.pk} is not pinned.\n"
    )
    assert list(Event.objects.values_list("kind", "by", "reason").order_by("pk")) == [
        ("pinned", operator(), "evidence"),
        ("unpinned", operator(), ""),
    ]


@pytest.mark.parametrize("command", ["pin", "unpin"])
def test_runs_that_do_not_exist_are_named_once_the_others_are_changed(says, command):
    run = a_run(pinned=command == "unpin")
    with pytest.raises(CommandError) as error:
        says(command, "999999999", str(run.pk))
    assert str(error.value) == "There is no run 999999999. `manage.py runs` lists the latest ones."
    run.refresh_from_db()
    assert run.pinned == (command == "pin")
