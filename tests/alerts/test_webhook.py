"""Webhooks are signed as the Standard Webhooks specification says."""

import base64
import hmac
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.alerts.channels import BadChannel, channel_of
from jobs.alerts.channels.webhook import HOW, signed
from jobs.choices import NoticeKind
from tests.alerts.messages import message
from tests.alerts.servers import HttpServer, says

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = timedelta(seconds=5)
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
OTHER = "whsec_" + base64.b64encode(b"fedcba9876543210fedcba9876543210").decode()


def as_documented():
    """`is_ours` of the page that shows it to whoever receives a message."""
    page = (ROOT / "docs/how-to/alerts.md").read_text()
    names = {"base64": base64, "hmac": hmac, "time": time}
    exec("def is_ours(" + page.partition("def is_ours(")[2].partition("```")[0], names)
    return names["is_ours"]


is_signed = as_documented()


def sent(secret=SECRET, **values):
    with HttpServer(says(204)) as server:
        channel = channel_of("hook", {"kind": "webhook", "url": server.url, "secret": secret})
        answer = channel.send(message(**values), delivery_id="delivery-7", timeout=PATIENCE)
        assert answer.done, answer.text
    return server.asked[0]


def test_a_message_is_signed_so_that_the_receiver_knows_it_as_ours():
    asked = sent()
    assert asked.headers["webhook-id"] == "delivery-7"
    assert asked.headers["Content-Type"] == "application/json"
    assert is_signed(asked.headers, asked.body, SECRET)
    assert not is_signed(asked.headers, asked.body, OTHER)
    assert not is_signed(asked.headers, asked.body + b" ", SECRET)
    assert not is_signed(asked.headers | {"webhook-id": "delivery-8"}, asked.body, SECRET)


def test_the_specifications_own_example_is_signed_as_it_says():
    headers = signed(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        b'{"test": 2432232314}',
        [base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_changed_either_is_good():
    asked = sent(secret=f"{SECRET} {OTHER}")
    assert is_signed(asked.headers, asked.body, SECRET)
    assert is_signed(asked.headers, asked.body, OTHER)


FACTS = {"opened_at": "2026-01-14 03:15:00Z", "resolved_at": "2026-01-14 04:00:00Z"}


def test_the_body_has_all_that_a_program_needs():
    assert sent(kind=NoticeKind.RESOLVED, facts=FACTS).json == {
        "type": "incident.resolved",
        "timestamp": "2026-01-14T04:00:00Z",
        "data": {
            "key": "incident-12",
            "severity": "error",
            "title": "import_rates failed",
            "text": "import_rates failed at 04:15.\nOperationalError: the database is away",
            "url": "https://jobs.example.com/incidents/12/",
            "facts": FACTS,
        },
    }


def test_the_timestamp_is_when_it_happened_or_now():
    assert sent(kind=NoticeKind.OPENED, facts=FACTS).json["timestamp"] == "2026-01-14T03:15:00Z"
    now = datetime.fromisoformat(sent(kind=NoticeKind.ACKNOWLEDGED, facts=FACTS).json["timestamp"])
    assert abs((datetime.now(UTC) - now).total_seconds()) < 60


@pytest.mark.parametrize(
    "secret", ["whsec_", "whsec_c2hvcnQ=", SECRET.removeprefix("whsec_"), "whsec_not Base64!", "whsec_" + "A" * 96]
)
def test_a_weak_or_unreadable_secret_is_refused_without_being_shown(secret):
    with pytest.raises(BadChannel) as caught:
        channel_of("hook", {"kind": "webhook", "url": "https://hooks.example.com/", "secret": secret})
    assert str(caught.value) == f"JOBS_CHANNELS['hook']: 'secret' can't be used. {HOW}"


def test_what_is_shown_has_no_secret():
    channel = channel_of("hook", {"kind": "webhook", "url": "https://hooks.example.com/T0/x?a=b", "secret": SECRET})
    assert channel.shown() == "webhook https://hooks.example.com/…"
