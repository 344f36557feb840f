"""The page that holds everything, and ends that."""

from datetime import timedelta

import pytest

from jobs.ledger import in_force, states
from jobs.models import Gap, Intervention, Run
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nightly(declared):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *", labels="billing")


def test_everything_is_held_and_let_go_from_its_page_and_what_it_swallowed_can_be_run(admin_client):
    assert "Hold everything" in page(admin_client, "/hold/")
    admin_client.post("/hold/", {"reason": " ", "next": "/hold/"})
    assert "Say why everything is paused" in page(admin_client, "/hold/")
    admin_client.post("/hold/", {"reason": "the database moves", "length": "1h", "next": "/hold/"})
    held = in_force.hold()
    assert (held.reason, held.by, held.all_starts) == ("the database moves", "admin", False)
    shown = page(admin_client, "/hold/")
    assert "Everything is held for an hour." in shown
    assert "What people and programs ask for starts all the same." in shown
    assert 'href="/hold/">See or end it</a>' in page(admin_client, "/")
    admin_client.post("/hold/", {"reason": "again", "next": "/hold/"})
    assert "Everything is held already, by admin: the database moves" in page(admin_client, "/hold/")
    now = states.clock()
    Gap.objects.create(job="nightly", first=now, last=now, count=1, fate="skipped", reason="held", by="admin")
    assert "/jobs/nightly/missed/?after=" in page(admin_client, "/hold/")
    admin_client.post("/hold/", {"end": "1", "next": "/hold/"})
    assert in_force.hold() is None
    shown = page(admin_client, "/hold/")
    assert "The hold is ended: jobs start by themselves again." in shown
    assert "What the last one, by admin, has swallowed" in shown
    admin_client.post("/hold/", {"end": "1", "next": "/hold/"})
    assert "Nothing is held." in page(admin_client, "/hold/")


def test_a_person_starts_a_job_in_spite_of_a_hold_of_all_starts(admin_client):
    assert "despite_hold" not in page(admin_client, "/jobs/nightly/run/")
    admin_client.post("/hold/", {"reason": "the database moves", "all_starts": "on", "next": "/hold/"})
    assert "Start it in spite of the hold" in page(admin_client, "/jobs/nightly/run/")
    for sent, expected in (({}, False), ({"despite_hold": "on"}, True)):
        Run.objects.all().delete()
        admin_client.post("/jobs/nightly/run/", sent)
        assert Run.objects.get().despite_hold is expected


def test_who_may_not_pause_all_jobs_reads_who_holds_them_and_changes_nothing(admin_client):
    for user in (a_user("vera", "viewer", "*"), a_user("olga", "operator", "label:billing")):
        client = signed_in(user)
        assert client.post("/hold/", {"reason": "x"}).status_code == 403
        assert "Hold everything</button>" not in page(client, "/hold/")
    admin_client.post("/hold/", {"reason": "moving", "length": "1d"})
    client = signed_in(a_user("otto", "operator", "label:billing"))
    shown = page(client, "/hold/")
    assert ("moving" in shown, "End the hold</button>" in shown) == (True, False)
    assert client.post("/hold/", {"end": "1"}).status_code == 403
    assert Intervention.objects.get().until - states.clock() > timedelta(hours=23)
