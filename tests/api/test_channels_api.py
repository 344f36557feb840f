"""Channels by the API: a list, a test and the switch."""

import pytest

from jobs.models import ChannelOff
from tests.alerts.servers import HttpServer, says
from tests.alerts.test_webhook import SECRET

pytestmark = pytest.mark.django_db


@pytest.fixture
def act(settings, admin_client):
    settings.JOBS_ROUTES = []

    def send(name, what, server=None):
        url = server.url if server else "https://hooks.example.com/secret-of-the-url"
        settings.JOBS_CHANNELS = {"hook": {"kind": "webhook", "url": url, "secret": SECRET}}
        answer = admin_client.post(f"/api/v1/channels/{name}/{what}/", content_type="application/json")
        return answer.status_code, answer.json()

    return send


def test_a_test_says_what_the_server_answers(act):
    with HttpServer(says(200)) as server:
        assert act("hook", "test", server) == (
            200,
            {
                "channel": "hook",
                "done": True,
                "text": "200 OK",
                "is_off": False,
                "says": "hook took the test: 200 OK.",
            },
        )
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [302, 404, 429, 500, 503])
def test_what_the_receiver_says_is_no_error_of_ours(act, status):
    with HttpServer(says(status)) as server:
        answered, found = act("hook", "test", server)
    assert (answered, found["done"]) == (200, False)
    assert found["text"].startswith(str(status))


def test_a_channel_is_listed_masked_and_switched_on_once(get, act):
    ChannelOff.objects.create(name="hook", why="410 Gone")
    status, found = act("hook", "on")
    assert (status, found["off"]) == (200, None)
    [listed] = get("/api/v1/channels/")["results"]
    assert listed == {
        "name": "hook",
        "kind": "webhook",
        "leads_to": "https://hooks.example.com/…",
        "flaw": "",
        "off": None,
        "latest": None,
    }
    status, found = act("hook", "on")
    assert (status, found["type"].rpartition(":")[2], found["detail"]) == (
        409,
        "not-off",
        "The channel 'hook' isn't off.",
    )
    ChannelOff.objects.create(name="hook", why="410 Gone")
    assert get("/api/v1/channels/")["results"][0]["off"]["why"] == "410 Gone"


@pytest.mark.parametrize("what", ["test", "on"])
def test_a_channel_that_isnt_there_is_not_found(act, what):
    status, found = act("hok", what)
    assert (status, found["type"].rpartition(":")[2]) == (404, "unknown-channel")
    assert found["detail"] == "There is no channel 'hok'. Write one of 'hook'."
