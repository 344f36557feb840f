"""Incidents by the API: a list to poll, one with its story, and what is done about it."""

from datetime import timedelta

import pytest

from jobs.choices import Cause
from jobs.ledger import states
from jobs.models import Incident
from tests.helpers.people import a_token, a_user, bearing

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(declared):
    declared("nightly", labels=["billing"])
    declared("other")
    return Incident.objects.create(job="nightly", cause=Cause.FAILED, detail="A run failed.")


@pytest.fixture
def act(admin_client, incident):
    def send(what, body, pk=incident.pk):
        answer = admin_client.post(f"/api/v1/incidents/{pk}/{what}/", body, content_type="application/json")
        return answer.status_code, answer.json()

    return send


def test_the_list_is_narrowed_and_followed(get, incident):
    mild = Incident.objects.create(job="other", cause=Cause.DRIFT)
    found = get("/api/v1/incidents/?page_size=1")
    assert [row["id"] for row in found["results"]] == [incident.pk]
    assert found["results"][0]["severity"] == "error"
    assert [row["id"] for row in get(found["next"])["results"]] == [mild.pk]
    for query, expected in [
        ("label=billing", [incident.pk]),
        ("label=billing&job=other", []),
        ("job=nightly&job=other", [incident.pk, mild.pk]),
        ("cause=drift", [mild.pk]),
        ("state=resolved", []),
        ("acknowledged=false&state=open", [incident.pk, mild.pk]),
    ]:
        assert [row["id"] for row in get(f"/api/v1/incidents/?{query}")["results"]] == expected, query
    wrong = get("/api/v1/incidents/?cause=bad", status=400)
    assert wrong["detail"].startswith("cause is 'bad'. Write one of: failed, rate, ")


def test_who_asks_again_is_told_that_nothing_changed(admin_client, incident, act):
    for path in ("/api/v1/incidents/", f"/api/v1/incidents/{incident.pk}/"):
        tag = admin_client.get(path).headers["ETag"]
        assert admin_client.get(path, headers={"If-None-Match": tag}).status_code == 304
    act("acknowledge", {})
    assert admin_client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_it_is_acknowledged_snoozed_and_resolved_and_tells_its_story(act):
    status, found = act("acknowledge", {"note": "On it."})
    assert (status, found["acknowledged_note"], found["resolved_at"]) == (200, "On it.", None)
    until = (states.clock() + timedelta(hours=1)).isoformat()
    assert act("snooze", {"until": until})[1]["snoozed_by"]
    assert act("snooze", {"until": None})[1]["snoozed_until"] is None
    status, found = act("resolve", {})
    assert (status, found["resolution"]) == (200, "by_hand")
    assert [each["what"] for each in found["moments"]] == ["acknowledged", "snoozed", "snoozed", "resolved"]


@pytest.mark.parametrize(
    ("what", "body", "status", "kind"),
    [
        ("acknowledge", {"note": "x" * 1001}, 400, "invalid-request"),
        ("snooze", {}, 400, "invalid-request"),
        ("snooze", {"until": "2020-01-01T00:00:00Z"}, 422, "bad-snooze"),
        ("resolve", {"why": "x"}, 400, "invalid-request"),
    ],
)
def test_what_cant_be_done_is_a_problem_with_a_sentence(act, what, body, status, kind):
    found = act(what, body)
    assert (found[0], found[1]["type"].rpartition(":")[2]) == (status, kind)


def test_twice_is_a_conflict_and_what_isnt_there_is_not_found(act):
    act("acknowledge", {})
    assert act("acknowledge", {})[0] == 409
    act("resolve", {})
    assert act("resolve", {})[1]["type"].endswith("already-resolved")
    assert act("resolve", {}, pk=10**9)[0] == 404


def test_an_outage_of_ours_is_seen_by_all_and_acted_on_by_few(incident):
    ours = Incident.objects.create(cause=Cause.NOT_RUNNING, detail="Not running 02:10–02:47 UTC.")
    client = bearing(a_token(a_user("olga", "owner"))[1])
    assert [row["id"] for row in client.get("/api/v1/incidents/").json()["results"]] == [ours.pk, incident.pk]
    answer = client.post(f"/api/v1/incidents/{ours.pk}/acknowledge/", {}, content_type="application/json")
    assert answer.status_code == 403
