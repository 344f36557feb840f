"""A channel is tried, by real servers; and channels are listed."""

import logging

import pytest

from jobs.access.actor import Actor, Refused
from jobs.access.rules import Rule
from jobs.access.selectors import Selector
from jobs.alerts import acts, listing
from jobs.alerts.channels import Answer
from jobs.alerts.listing import UnknownChannel
from jobs.choices import Door, Verb
from jobs.ledger.channels import NotOff
from jobs.models import ChannelOff, Delivery, Event
from tests.alerts.servers import HttpServer, hangs, says
from tests.alerts.telling import opens, sent
from tests.alerts.test_channels import servers  # noqa: F401 — a fixture
from tests.alerts.test_pagerduty import KEY
from tests.alerts.test_webhook import SECRET, is_signed

pytestmark = pytest.mark.django_db
ADA = Actor.of_shell("ada")
TITLE = "This is a test of the channel {}, asked for by ada."


@pytest.fixture
def hook(settings):
    """Gives the channel `hook`, whose server answers as a test says."""
    settings.JOBS_ROUTES = []

    def of(server):
        settings.JOBS_CHANNELS = {"hook": {"kind": "webhook", "url": server.url, "secret": SECRET}}

    return of


def test_each_kind_of_channel_gets_a_message_that_says_it_is_a_test(servers):  # noqa: F811
    letters, hooked, _, chat = servers
    tried = {name: acts.try_out(ADA, name) for name in ("ops", "hook", "pager", "chat")}
    assert {name: (one.done, one.text) for name, one in tried.items()} == {
        "ops": (True, "accepted for ops@example.com"),
        "hook": (True, "200 OK"),
        "pager": (True, "202 Accepted"),
        "chat": (True, "accepted"),
    }
    assert tried["hook"].says == "hook took the test: 200 OK."
    [(_, letter)] = letters
    assert letter["Subject"] == TITLE.format("ops")
    assert "Nothing is wrong, and there is nothing to do." in letter.get_content()
    [asked] = hooked
    assert is_signed(asked.headers, asked.body, SECRET)
    assert asked.json["data"]["facts"] == {"test": "hook", "by": "ada"}
    assert [asked.json["title"] for asked in chat] == [TITLE.format("chat")]


def test_nobody_is_left_paged(servers):  # noqa: F811
    *_, pager, _ = servers
    acts.try_out(ADA, "pager")
    assert [asked.json["event_action"] for asked in pager.server.asked] == ["trigger", "resolve"]
    assert list(pager.incidents.values()) == ["resolve"]


def test_what_may_have_arrived_without_an_answer_is_resolved_too(settings, monkeypatch):
    answers = iter([says(500), says(202)])
    with HttpServer(lambda handler: next(answers)(handler)) as server:
        settings.JOBS_CHANNELS = {"pager": {"kind": "pagerduty", "routing_key": KEY, "url": server.url}}
        assert not acts.try_out(ADA, "pager").done
        assert [asked.json["event_action"] for asked in server.asked] == ["trigger", "resolve"]
        answers = iter([says(202), says(500)])
        tried = acts.try_out(ADA, "pager")
    assert tried.says == (
        "pager did not take the test: 202 Accepted; but not that it is over, so resolve it there: "
        "500 Internal Server Error."
    )


def test_what_a_server_refuses_is_said_and_switches_nothing_off(hook, caplog):
    with HttpServer(says(410, b"no such hook")) as server, caplog.at_level(logging.INFO, "jobs.alerts.acts"):
        hook(server)
        tried = acts.try_out(ADA, "hook")
    assert (tried.done, tried.says) == (False, "hook did not take the test: 410 Gone: no such hook.")
    assert not ChannelOff.objects.exists()
    assert not Delivery.objects.exists()
    assert "channel=hook tested by=ada done=False: 410 Gone: no such hook" in caplog.messages


def test_a_server_that_hangs_is_waited_for_no_longer_than_that(hook, monkeypatch):
    monkeypatch.setattr(acts, "TIMEOUT", acts.TIMEOUT / 20)
    with HttpServer(hangs) as server:
        hook(server)
        tried = acts.try_out(ADA, "hook")
    assert not tried.done
    assert "longer than" in tried.text


def test_a_channel_that_is_off_is_tried_and_stays_off(hook):
    ChannelOff.objects.create(name="hook", why="410 Gone")
    with HttpServer(says(200)) as server:
        hook(server)
        assert acts.try_out(ADA, "hook").says == (
            "hook took the test: 200 OK. It is off: nothing else is sent by it until somebody switches it on."
        )
    assert ChannelOff.objects.exists()
    acts.switch_on(ADA, "hook")
    assert not ChannelOff.objects.exists()
    with pytest.raises(NotOff):
        acts.switch_on(ADA, "hook")


@pytest.mark.parametrize("act", [acts.try_out, acts.switch_on])
def test_an_unknown_channel_is_answered_with_those_that_are_known(settings, act):
    settings.JOBS_CHANNELS = {"ops": {"kind": "email", "to": "ops@example.com"}, "pager": {}}
    with pytest.raises(UnknownChannel, match=r"There is no channel 'opps'\. Write one of 'ops', 'pager'\."):
        act(ADA, "opps")
    with pytest.raises(UnknownChannel):
        act(ADA, "email:anybody@example.com")


@pytest.mark.parametrize("act", [acts.try_out, acts.switch_on])
def test_only_who_may_act_on_the_alerts_of_all_jobs_does(hook, act):
    def holding(verbs, selector):
        rule = Rule(verbs=frozenset(verbs), selector=Selector.read(selector))
        return Actor(name="eva", door=Door.API, rules=(rule,))

    ChannelOff.objects.create(name="hook", why="410 Gone")
    with HttpServer(says(200)) as server:
        hook(server)
        for actor in (holding(Verb, "nightly"), holding(set(Verb) - {Verb.ALERTS}, "*")):
            with pytest.raises(Refused, match="eva may not alerts all jobs"):
                act(actor, "hook")
        assert server.asked == []
    assert ChannelOff.objects.exists()
    assert set(Event.objects.values_list("kind", "by")) == {("refused", "eva")}


def test_the_list_says_where_each_leads_masked_and_what_came_of_the_latest_message(settings, declared):
    settings.ADMINS, settings.MANAGERS = [], []
    url = "https://hooks.example.com/very-secret-path"
    settings.JOBS_CHANNELS = {"ops": {"kind": "webhook", "url": url, "secret": SECRET}, "bad": {"kind": "pigeon"}}
    settings.JOBS_ROUTES = [{"to": "ops"}, {"to": "owner", "jobs": ["n*"]}]
    declared("nightly", owner="nina@example.com")
    declared("other", owner="otto@example.com")
    incident = opens("nightly")
    sent(Answer(done=False, text="503 Busy"))
    ChannelOff.objects.create(name="ops", why="410 Gone")
    ChannelOff.objects.create(name="former", why="404 Not Found")
    ops, bad, nina, former = listing.channels()
    assert (ops.kind, ops.leads_to, ops.off.why) == ("webhook", "https://hooks.example.com/…", "410 Gone")
    assert (ops.latest.done, ops.latest.answer, ops.latest.incident) == (False, "503 Busy", incident.pk)
    assert bad.flaw.startswith("JOBS_CHANNELS['bad']: 'kind' is 'pigeon'.")
    assert (nina.name, nina.leads_to, nina.off) == ("email:nina@example.com", "nina@example.com", None)
    assert (former.flaw, former.off.why) == (listing.NOT_NAMED, "404 Not Found")


def test_owners_are_left_out_where_the_routes_cant_be_read(settings):
    settings.JOBS_CHANNELS = {"ops": {"kind": "email", "to": "ops@example.com"}}
    settings.JOBS_ROUTES = [{"to": "oops"}]
    assert [each.name for each in listing.channels()] == ["ops"]
