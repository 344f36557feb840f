"""Incidents as pages: what is wrong, since when, how bad, what to do, and who does it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from jobs.choices import Cause
from jobs.ledger import states
from jobs.models import Event, Incident
from tests.helpers.moments import ago
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import a_run, an_attempt, settled_ticks

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def incident(declared):
    declared(
        "nightly",
        command="clearsessions",
        schedule="0 0 3 * * *",
        labels="billing",
        owner="ops@example.com",
        runbook="https://wiki.example.com/nightly",
    )
    declared("other", command="clearsessions", labels="payroll")
    run = a_run(status="failed", error="OperationalError: no route to host", finished_at=ago(hours=2))
    an_attempt(run, written=[b"".join(b"line %d\n" % number for number in range(1, 31))])
    return Incident.objects.create(
        job="nightly",
        cause=Cause.FAILED,
        detail="A run failed.",
        error="OperationalError: no route to host",
        opened_at=ago(hours=2),
        first_run_id=run.pk,
        last_run_id=run.pk,
    )


def act(client, incident, what, **fields):
    return client.post(f"/incidents/{incident.pk}/do/", {"do": what, "next": f"/incidents/{incident.pk}/"} | fields)


def test_whoever_is_woken_reads_what_is_wrong_and_what_to_do(incident, admin_client):
    shown = page(admin_client, f"/incidents/{incident.pk}/")
    for said in (
        "A run failed.",
        "OperationalError: no route to host",
        "Nobody works on it yet.",
        "Read its output, then run it again.",
        'href="https://wiki.example.com/nightly"',
        f'href="/runs/{incident.last_run_id}/"',
        "ops@example.com",
        f"manage.py incident acknowledge {incident.pk}",
        f"/api/v1/incidents/{incident.pk}/acknowledge/",
    ):
        assert said in shown
    assert ">line 30<" in shown
    assert ">line 10<" not in shown, "the last twenty lines are enough"


def test_one_says_that_one_works_on_it_and_others_see_it(incident, admin_client):
    act(admin_client, incident, "acknowledge", note="I call the provider.")
    shown = page(admin_client, f"/incidents/{incident.pk}/")
    assert f"You work on incident {incident.pk}." in shown
    assert "<strong>admin works on it</strong>" in shown
    assert "I call the provider." in shown
    assert "admin works on it (I call the provider.)." in page(admin_client, "/")
    act(admin_client, incident, "acknowledge")
    assert f"Incident {incident.pk} was acknowledged by admin at" in page(admin_client, f"/incidents/{incident.pk}/")


@pytest.mark.parametrize("hour", [1, 9, 23])
def test_it_is_snoozed_for_an_hour_until_the_morning_or_until_a_time(incident, admin_client, monkeypatch, hour):
    now = states.clock().replace(hour=hour, minute=30)
    monkeypatch.setattr("jobs.dashboard.incident.timezone.now", lambda: now)
    monkeypatch.setattr("jobs.ledger.incident_acts.states.clock", lambda: now)
    admin_client.cookies["nightshift_times"] = "utc"
    act(admin_client, incident, "hour")
    incident.refresh_from_db()
    assert incident.snoozed_until == now + HOUR
    act(admin_client, incident, "morning")
    incident.refresh_from_db()
    morning = incident.snoozed_until.astimezone(ZoneInfo("UTC"))
    assert (morning.hour, morning.minute) == (8, 0)
    assert timedelta(0) < morning - now <= 24 * HOUR
    until = now + 5 * HOUR
    act(admin_client, incident, "until", until=f"{until:%Y-%m-%dT%H:%M}")
    incident.refresh_from_db()
    assert incident.snoozed_until == until.replace(second=0, microsecond=0)
    act(admin_client, incident, "until")
    assert "Say until when" in page(admin_client, f"/incidents/{incident.pk}/")
    act(admin_client, incident, "wake")
    incident.refresh_from_db()
    assert incident.snoozed_until is None


def test_what_is_resolved_says_how_and_has_no_buttons(incident, admin_client):
    act(admin_client, incident, "resolve", note="The provider is back.")
    shown = page(admin_client, f"/incidents/{incident.pk}/")
    assert "admin resolved it" in shown
    assert "The provider is back." in shown
    assert 'value="resolve"' not in shown
    assert Event.objects.get().door == "page"


def test_who_may_not_act_reads_and_who_may_not_see_finds_nothing(incident):
    viewer = signed_in(a_user("vera", "viewer"))
    shown = page(viewer, f"/incidents/{incident.pk}/")
    assert 'value="acknowledge"' not in shown
    assert act(viewer, incident, "acknowledge").status_code == 403
    stranger = signed_in(a_user("otto", "owner", "label:payroll"))
    page(stranger, f"/incidents/{incident.pk}/", status=404)
    assert act(stranger, incident, "acknowledge").status_code == 404
    assert "No incident is open." in page(stranger, "/incidents/")
    assert "A run failed." not in page(stranger, "/")
    assert act(signed_in(a_user("olga", "owner")), incident, "acknowledge").status_code == 302


def test_the_overview_says_it_once_and_leads_to_it(incident, admin_client):
    settled_ticks()
    ours = Incident.objects.create(cause=Cause.NOT_RUNNING, detail="Not running 02:10–02:47 UTC.")
    mild = Incident.objects.create(job="other", cause=Cause.DRIFT, detail="An override by ada.")
    shown = page(admin_client, "/")
    assert "1 of 2 jobs are as they should be." in shown
    places = [shown.index(f'href="/incidents/{each.pk}/"') for each in (ours, incident, mild)]
    assert places == sorted(places)
    assert "The latest run failed" not in shown, "the incident says so"
    assert shown.index("Worth a look") < places[2]
    assert f'href="/incidents/{incident.pk}/"' in page(admin_client, "/jobs/nightly/")
    assert f'href="/incidents/{mild.pk}/"' not in page(admin_client, "/jobs/nightly/")
    assert f'href="/incidents/{incident.pk}/"' in page(admin_client, f"/runs/{incident.last_run_id}/")
    assert f'href="/incidents/{incident.pk}/"' in page(admin_client, "/handover/")


def test_the_list_is_filtered_by_its_address(incident, admin_client):
    over = Incident.objects.create(job="other", cause=Cause.LOST, resolved_at=ago(hours=1), resolution="recovered")
    mine = Incident.objects.create(job="other", cause=Cause.DRIFT, acknowledged_at=ago(hours=1), acknowledged_by="ada")
    for query, expected in {
        "": {incident, mine},
        "?show=free": {incident},
        "?show=over": {over},
        "?show=all": {incident, mine, over},
        "?label=billing": {incident},
        "?job=other": {mine},
        "?job=other&show=all&cause=lost": {over},
        "?job=other&label=billing": set(),
        "?show=nonsense&cause=nonsense&before=x": {incident, mine},
    }.items():
        shown = page(admin_client, f"/incidents/{query}")
        assert {each for each in (incident, over, mine) if f'id="incident-{each.pk}"' in shown} == expected, query


def test_the_list_is_read_page_by_page(incident, admin_client, monkeypatch):
    monkeypatch.setattr("jobs.dashboard.incidents.SIZE", 1)
    second = Incident.objects.create(job="other", cause=Cause.DRIFT)
    first = page(admin_client, "/incidents/")
    query = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    assert f'id="incident-{second.pk}"' in page(admin_client, f"/incidents/{query}")
    assert f'id="incident-{second.pk}"' not in first
