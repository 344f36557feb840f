"""What `manage.py check` says of JOBS_CHANNELS."""

import pytest

from jobs.alerts import checks
from tests.helpers.findings import findings

HINT = "docs/how-to/alerts.md shows each kind."


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("slack://secret", "it is not a dictionary. Write one with 'kind' in it."),
        ({}, "'kind' is ''. Write one of 'email', 'webhook', 'pagerduty', 'apprise'."),
        ({"kind": "mail"}, "'kind' is 'mail'. Write one of 'email', 'webhook', 'pagerduty', 'apprise'."),
        ({"kind": "email", "to": ["ops@example.com"]}, "'to' is not a string. Write one."),
        (
            {"kind": "pagerduty", "routing_key": None},
            "'routing_key' is missing. Write the Integration Key of the service's integration 'Events API V2'.",
        ),
        (
            {"kind": "webhook", "url": "http://hooks.example.com/secret", "secret": "x"},
            "'url' begins with http://. Write https://, or name its host in JOBS_CHANNEL_HOSTS.",
        ),
        (
            {"kind": "apprise", "url": "tgram://secret"},
            "'url' can't be read by Apprise. Its page says how to write tgram://.",
        ),
    ],
)
def test_an_entry_that_cannot_be_used_is_reported_in_one_sentence(settings, entry, sentence):
    settings.JOBS_CHANNELS = {"ops": entry}
    assert findings(checks.channels) == [("jobs.E030", f"JOBS_CHANNELS['ops']: {sentence}", HINT)]


def test_good_entries_are_not_reported(settings):
    settings.JOBS_CHANNELS = {
        "ops": {"kind": "email", "to": "ops@example.com"},
        "pager": {"kind": "pagerduty", "routing_key": "0123456789abcdef0123456789abcdef"},
        "chat": {"kind": "apprise", "url": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"},
    }
    assert findings(checks.channels) == []
