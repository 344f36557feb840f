"""Who was told of an incident, and channels that are off: on the incident's page and on the overview."""

import pytest

from jobs.alerts.channels import Answer
from jobs.models import ChannelOff, Event
from tests.alerts.servers import HttpServer, says
from tests.alerts.telling import CHANNELS, later, opens, resolves, sent
from tests.alerts.test_webhook import SECRET
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import settled_ticks

pytestmark = pytest.mark.django_db
GONE = Answer(done=False, gone=True, text="410 Gone")
BUSY = Answer(done=False, text="503 Service Unavailable")


@pytest.fixture
def ops(settings, declared):
    settings.JOBS_CHANNELS, settings.JOBS_ROUTES = CHANNELS, [{"to": "ops"}]
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    settled_ticks()


def test_an_incident_shows_each_try_and_its_answer(ops, admin_client):
    incident = opens("nightly")
    sent(BUSY)
    later(seconds=10)
    shown = page(admin_client, f"/incidents/{incident.pk}/")
    assert "Who was told" in shown
    assert "503 Service Unavailable" in shown
    sent()
    shown = page(admin_client, f"/incidents/{incident.pk}/")
    assert shown.index("503 Service Unavailable") < shown.index("200 OK")
    assert "delivered" in shown


def test_an_incident_that_nobody_was_told_of_says_why(ops, admin_client):
    incident = opens("nightly")
    sent(GONE)
    shown = page(admin_client, f"/incidents/{incident.pk}/")
    assert "The channel refuses for good: 410 Gone" in shown


def test_the_overview_shows_a_channel_that_is_off_and_switches_it_on(ops, admin_client):
    sent()
    resolves(opens("nightly"))
    opens("other")
    sent(GONE)
    shown = page(admin_client, "/")
    assert "Nobody hears by the channel ops" in shown
    assert "410 Gone" in shown
    answer = admin_client.post("/channels/on/", {"channel": "ops", "next": "/"})
    assert answer.status_code == 302
    assert not ChannelOff.objects.exists()
    assert "Nobody hears by" not in page(admin_client, "/")
    assert list(Event.objects.filter(kind="channel_on").values_list("message", flat=True)) == [
        "The channel ops was switched on by admin."
    ]
    page_after = admin_client.post("/channels/on/", {"channel": "ops", "next": "/"}, follow=True)
    assert "The channel &#x27;ops&#x27; isn&#x27;t off." in page_after.content.decode()


def test_who_may_not_act_on_the_alerts_of_all_jobs_sees_no_button(ops):
    ChannelOff.objects.create(name="ops", why="410 Gone")
    client = signed_in(a_user("eva", "viewer", "*"))
    shown = page(client, "/")
    assert "Nobody hears by the channel ops" in shown
    assert "Switch it on" not in shown
    assert client.post("/channels/on/", {"channel": "ops"}).status_code == 403
    assert ChannelOff.objects.exists()


def test_the_overview_says_that_nobody_hears_of_incidents(settings, declared, admin_client):
    settings.ADMINS, settings.MANAGERS, settings.JOBS_CHANNELS = [], [], {}
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    assert "Nobody hears of incidents: set JOBS_CHANNELS" in page(admin_client, "/")
    settings.ADMINS = ["ops@example.com"]
    assert "Nobody hears of incidents" not in page(admin_client, "/")
    assert 'href="/channels/">Who hears of what' not in page(admin_client, "/")


def test_the_overview_leads_to_who_hears_of_what(settings, declared, admin_client):
    settings.ADMINS, settings.MANAGERS, settings.JOBS_CHANNELS = [], [], {}
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    assert 'href="/channels/">Who hears of what' in page(admin_client, "/")
    shown = page(admin_client, "/channels/")
    assert "Nobody hears of incidents: set JOBS_CHANNELS" in shown


def test_channels_are_tried_and_switched_on_on_their_page(settings, admin_client):
    assert 'href="/channels/">Channels' in page(admin_client, "/incidents/")
    with HttpServer(says(200)) as server:
        settings.JOBS_CHANNELS = {"hook": {"kind": "webhook", "url": server.url, "secret": SECRET}}
        settings.JOBS_ROUTES = [{"to": "hook", "severity": "error"}]
        ChannelOff.objects.create(name="hook", why="410 Gone")
        shown = page(admin_client, "/channels/")
        assert "410 Gone" in shown
        assert "hook hears of what is error or worse." in shown
        assert "secret-of-the-url" not in shown
        sends = {"channel": "hook", "next": "/channels/"}
        after = admin_client.post("/channels/test/", sends, follow=True).content.decode()
        assert "hook took the test: 200 OK. It is off: nothing else is sent by it" in after
        server.answer = says(500)
        after = admin_client.post("/channels/test/", sends, follow=True).content.decode()
        assert "hook did not take the test: 500 Internal Server Error." in after
    after = admin_client.post("/channels/on/", sends, follow=True).content.decode()
    assert "Messages go out by the channel hook again." in after
    assert "Switch it on" not in after


def test_routes_that_cant_be_read_are_said_on_the_page(settings, admin_client):
    settings.JOBS_CHANNELS, settings.JOBS_ROUTES = CHANNELS, [{"to": "oops"}]
    assert "JOBS_ROUTES[0]: &#x27;to&#x27; is &#x27;oops&#x27;" in page(admin_client, "/channels/")


def test_who_sees_all_jobs_sees_the_channels_and_who_sees_some_does_not(ops):
    client = signed_in(a_user("eva", "viewer", "*"))
    assert "Test it" not in page(client, "/channels/")
    assert client.post("/channels/test/", {"channel": "ops"}).status_code == 403
    client = signed_in(a_user("otto", "owner", "nightly"))
    assert client.get("/channels/").status_code == 403
    assert 'href="/channels/"' not in page(client, "/incidents/")
