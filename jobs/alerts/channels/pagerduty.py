"""PagerDuty, by its Events API v2: an incident of ours opens, acknowledges and resolves one of theirs.

https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from jobs.alerts.channels import answering
from jobs.alerts.channels.addresses import BadUrl, url_of
from jobs.alerts.channels.answering import GONE
from jobs.alerts.channels.channel import Answer, BadChannel, check_keys
from jobs.alerts.message import Message
from jobs.choices import NoticeKind
from jobs.formats import shorten

ENDPOINT = "https://events.pagerduty.com/v2/enqueue"
# What else is said of an incident triggers it again: PagerDuty adds it to the one that is open.
ACTIONS = {NoticeKind.ACKNOWLEDGED: "acknowledge", NoticeKind.RESOLVED: "resolve"}
LONGEST_KEY, LONGEST_SUMMARY, LONGEST_SOURCE = 255, 1024, 255
# A key that was taken away is answered with 400, and these words.
_UNKNOWN_KEY = re.compile(r"\b400\b.*routing[ _]key", re.IGNORECASE)


class PagerDuty:
    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        how = "Write the Integration Key of the service's integration 'Events API V2'."
        check_keys(name, config, {"routing_key": how}, ["url"])
        self.name, self._routing_key = name, config["routing_key"]
        if not re.fullmatch(r"[A-Za-z0-9]{32}", self._routing_key):
            raise BadChannel(name, f"'routing_key' is not 32 letters and digits. {how}")
        try:
            self._url = url_of(config.get("url") or ENDPOINT)
        except BadUrl as bad:
            raise BadChannel(name, str(bad)) from None

    def send(self, message: Message, *, delivery_id: str, timeout: timedelta) -> Answer:
        body = json.dumps(self.event(message)).encode()
        answer = answering.post(
            self._url, body, {}, timeout=timeout, secrets=[self._routing_key], gone={401, 403, *GONE}
        )
        return replace(answer, gone=answer.gone or _UNKNOWN_KEY.search(answer.text) is not None)

    def event(self, message: Message) -> dict[str, object]:
        action = ACTIONS.get(message.kind, "trigger") if message.kind else "trigger"
        event: dict[str, object] = {
            "routing_key": self._routing_key,
            "event_action": action,
            "dedup_key": message.key[:LONGEST_KEY],
        }
        if action == "trigger":
            event["client"] = "Nightshift"
            event["payload"] = {
                "summary": shorten(message.title, LONGEST_SUMMARY),
                "source": shorten(str(message.facts.get("jobs") or "nightshift"), LONGEST_SOURCE),
                "severity": message.severity,
                "custom_details": {"text": message.text, **message.facts},
            }
            if message.url:
                event["client_url"] = message.url
                event["links"] = [{"href": message.url, "text": "The incident in Nightshift"}]
        return event

    def shown(self) -> str:
        return f"pagerduty {self._url.shown()}"
