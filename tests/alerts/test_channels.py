"""One incident by all channels at once: real messages, real servers."""

import pytest

from jobs.alerts import deciding, delivering, outbox
from jobs.models import Delivery
from tests.alerts.servers import HttpServer, says, smtp_server
from tests.alerts.telling import acknowledges, opens, resolves
from tests.alerts.test_pagerduty import KEY, PagerDuty
from tests.alerts.test_webhook import SECRET, is_signed

pytestmark = pytest.mark.django_db


@pytest.fixture
def servers(settings):
    """A server for each kind of channel."""
    pager = PagerDuty()
    with (
        smtp_server() as (port, letters),
        HttpServer(says(200)) as hook,
        HttpServer(pager) as theirs,
        HttpServer(says(200, b"{}")) as ntfy,
    ):
        pager.server = theirs
        settings.DEFAULT_FROM_EMAIL = "jobs@example.com"
        smtp = {"host": "127.0.0.1", "port": port}
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": smtp}}
        settings.JOBS_URL = "https://jobs.example.com"
        settings.JOBS_ROUTES = []
        settings.JOBS_CHANNELS = {
            "ops": {"kind": "email", "to": "ops@example.com"},
            "hook": {"kind": "webhook", "url": hook.url, "secret": SECRET},
            "pager": {"kind": "pagerduty", "routing_key": KEY, "url": theirs.url},
            "chat": {"kind": "apprise", "url": f"ntfy://127.0.0.1:{ntfy.port}/topic"},
        }
        yield letters, hook.asked, pager, ntfy.asked


def deliver():
    """Decide, and send all that is due, as the delivering process does."""
    while deciding.decide():
        pass
    while leased := outbox.lease([]):
        for each in leased:
            if message := outbox.message_of(each):
                answer = delivering.send(each.channel, message, outbox.delivery_id(each, message), outbox.TIMEOUT)
                outbox.record(each, answer)


def test_each_channel_says_the_same_and_knows_what_belongs_together(declared, servers):
    letters, hook, pager, chat = servers
    declared("import_rates", command="succeeds", owner="ops@example.com")
    incident = opens("import_rates")
    deliver()
    acknowledges(incident)
    deliver()
    assert list(pager.incidents.values()) == ["acknowledge"]
    resolves(incident)
    deliver()
    assert not Delivery.objects.waiting().exists()
    assert list(pager.incidents.values()) == ["resolve"]
    assert [asked.json["type"] for asked in hook] == ["incident.opened", "incident.acknowledged", "incident.resolved"]
    assert all(is_signed(asked.headers, asked.body, SECRET) for asked in hook)
    letters = [letter for _, letter in letters]
    assert len({letter["References"] for letter in letters}) == 1
    assert len({letter["Message-ID"] for letter in letters}) == 3

    titles = [asked.json["data"]["title"] for asked in hook]
    assert [letter["Subject"] for letter in letters] == titles
    assert [asked.json["title"] for asked in chat] == titles
    text = hook[0].json["data"]["text"]
    assert letters[0].get_body("plain").get_content().splitlines() == text.splitlines()
    assert chat[0].json["message"].split() == text.split()
    first = pager.server.asked[0].json
    assert (first["payload"]["summary"], first["payload"]["custom_details"]["text"]) == (titles[0], text)
    assert first["links"][0]["href"] == f"https://jobs.example.com/incidents/{incident.pk}/"
