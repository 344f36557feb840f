"""Channels at the command line: the list, a test and the switch."""

import json

import pytest
from django.core.management import CommandError, call_command

from jobs.management.operator import operator
from jobs.models import ChannelOff, Event
from tests.alerts.servers import HttpServer
from tests.alerts.servers import says as answers
from tests.alerts.test_webhook import SECRET

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings):
    settings.JOBS_ROUTES, settings.ADMINS, settings.MANAGERS = [], [], []
    with HttpServer(answers(200)) as server:
        settings.JOBS_CHANNELS = {"hook": {"kind": "webhook", "url": server.url, "secret": SECRET}}
        yield server


def test_channels_are_listed(says, server, settings):
    ChannelOff.objects.create(name="hook", why="410 Gone")
    [row] = says("channels").splitlines()[1:]
    url = f"http://127.0.0.1:{server.port}/…"
    assert " ".join(row.split()) == f"hook webhook {url} off since now: 410 Gone –"
    [found] = json.loads(says("channels", "--format", "json"))
    assert (found["name"], found["off"]["why"], found["latest"]) == ("hook", "410 Gone", None)
    ChannelOff.objects.all().delete()
    settings.JOBS_CHANNELS = {}
    assert says("channels").startswith("There are no channels: set JOBS_CHANNELS")


def test_a_test_prints_the_answer_and_fails_where_it_wasnt_taken(says, server):
    assert says("channel", "test", "hook") == "hook took the test: 200 OK.\n"
    assert f"asked for by {operator()}" in server.asked[0].json["data"]["title"]
    server.answer = answers(500, b"out of order")
    with pytest.raises(CommandError, match="hook did not take the test: 500 Internal Server Error: out of order"):
        call_command("channel", "test", "hook")
    with pytest.raises(CommandError, match=r"There is no channel 'hok'\. Write one of 'hook'\."):
        call_command("channel", "test", "hok")


def test_a_channel_is_switched_on_once(says, server):
    ChannelOff.objects.create(name="hook", why="410 Gone")
    assert says("channel", "on", "hook") == "Messages go out by the channel hook again.\n"
    with pytest.raises(CommandError, match=r"The channel 'hook' isn't off\."):
        call_command("channel", "on", "hook")
    assert Event.objects.get(kind="channel_on").by == operator()
