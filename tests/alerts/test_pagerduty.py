"""PagerDuty's Events API v2, by a server that looks at an event as theirs does."""

import json
from datetime import timedelta

import pytest

from jobs.alerts.channels import BadChannel, channel_of
from jobs.alerts.channels.channel import Answer
from jobs.choices import NoticeKind
from tests.alerts.messages import message
from tests.alerts.servers import HttpServer, says

PATIENCE = timedelta(seconds=5)
KEY = "0123456789abcdef0123456789abcdef"


class PagerDuty:
    """Their endpoint, as https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ describes it."""

    def __init__(self):
        self.incidents = {}

    def __call__(self, handler):
        event = self.server.asked[-1].json
        if errors := list(self.errors(event)):
            body = {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
            return says(400, json.dumps(body).encode())(handler)
        if event["event_action"] == "trigger" or event["dedup_key"] in self.incidents:
            self.incidents[event["dedup_key"]] = event["event_action"]
        body = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return says(202, json.dumps(body).encode())(handler)

    def errors(self, event):
        known = {"routing_key", "event_action", "dedup_key", "payload", "images", "links", "client", "client_url"}
        yield from (f"'{name}' is not known" for name in event.keys() - known)
        if len(event.get("routing_key", "")) != 32:
            yield "Length of 'routing_key' is incorrect (should be 32 characters)"
        if event.get("event_action") not in {"trigger", "acknowledge", "resolve"}:
            yield "'event_action' is invalid"
        if not 0 < len(event.get("dedup_key", "")) <= 255:
            yield "'dedup_key' is missing or too long"
        for link in event.get("links", []):
            if not link.get("href", "").startswith("https://") or not link.get("text"):
                yield "'links' is invalid"
        if event.get("event_action") == "trigger":
            payload = event.get("payload", {})
            yield from (f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload[name])
            if len(payload["summary"]) > 1024:
                yield "'payload.summary' is too long"
            if payload["severity"] not in {"critical", "error", "warning", "info"}:
                yield "'payload.severity' is invalid"
            if not isinstance(payload.get("custom_details", {}), dict):
                yield "'payload.custom_details' is invalid"


@pytest.fixture
def pagerduty():
    theirs = PagerDuty()
    with HttpServer(theirs) as server:
        theirs.server = server
        yield theirs


def send(pagerduty, **values):
    channel = channel_of("pager", {"kind": "pagerduty", "routing_key": KEY, "url": pagerduty.server.url})
    return channel.send(message(**values), delivery_id="7", timeout=PATIENCE)


def test_one_incident_is_triggered_acknowledged_and_resolved(pagerduty):
    for kind, becomes in [
        (NoticeKind.OPENED, "trigger"),
        (NoticeKind.ESCALATED, "trigger"),
        (NoticeKind.ACKNOWLEDGED, "acknowledge"),
        (NoticeKind.RESOLVED, "resolve"),
    ]:
        assert send(pagerduty, kind=kind) == Answer(done=True, text="202 Accepted")
        assert pagerduty.incidents == {"incident-12": becomes}


@pytest.mark.parametrize("severity", ["critical", "error", "warning", "info"])
def test_a_trigger_has_what_a_person_needs(pagerduty, severity):
    send(pagerduty, severity=severity)
    event = pagerduty.server.asked[0].json
    assert event["payload"] == {
        "summary": "import_rates failed",
        "source": "import_rates",
        "severity": severity,
        "custom_details": {
            "text": "import_rates failed at 04:15.\nOperationalError: the database is away",
            "incidents": "12",
            "cause": "failed",
            "jobs": "import_rates",
            "runs": "4711",
            "resolved_at": None,
        },
    }
    assert event["links"] == [{"href": "https://jobs.example.com/incidents/12/", "text": "The incident in Nightshift"}]


def test_without_an_address_of_ours_there_is_no_link(pagerduty):
    assert send(pagerduty, url="").done
    assert not {"links", "client_url"} & pagerduty.server.asked[0].json.keys()


@pytest.mark.parametrize(
    ("status", "said", "gone"),
    [
        (400, b"Invalid routing key", True),
        (400, b'{"status":"invalid event","message":"Event object is invalid"}', False),
        (401, b"", True),
        (403, b"", True),
        (404, b"", True),
        (429, b"", False),
        (500, b"no routing key could be read", False),
    ],
)
def test_a_key_that_was_taken_away_is_gone(status, said, gone):
    with HttpServer(says(status, said)) as server:
        channel = channel_of("pager", {"kind": "pagerduty", "routing_key": KEY, "url": server.url})
        answer = channel.send(message(), delivery_id="7", timeout=PATIENCE)
    assert (answer.done, answer.gone) == (False, gone)


def test_the_key_is_shown_nowhere():
    with HttpServer(says(400, f"{KEY} is invalid".encode())) as server:
        channel = channel_of("pager", {"kind": "pagerduty", "routing_key": KEY, "url": server.url})
        assert channel.send(message(), delivery_id="7", timeout=PATIENCE).text == "400 Bad Request: ******** is invalid"
    assert channel_of("pager", {"kind": "pagerduty", "routing_key": KEY}).shown() == (
        "pagerduty https://events.pagerduty.com/…"
    )


def test_a_key_of_another_length_is_refused():
    with pytest.raises(BadChannel) as caught:
        channel_of("pager", {"kind": "pagerduty", "routing_key": KEY[1:]})
    assert str(caught.value) == (
        "JOBS_CHANNELS['pager']: 'routing_key' is not 32 letters and digits. Write the Integration Key of the "
        "service's integration 'Events API V2'."
    )
