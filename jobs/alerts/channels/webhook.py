"""A webhook of your own: JSON by POST, signed as the Standard Webhooks specification says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from jobs import clocks
from jobs.alerts.channels import answering
from jobs.alerts.channels.addresses import BadUrl, url_of
from jobs.alerts.channels.channel import Answer, BadChannel, check_keys
from jobs.alerts.message import Message
from jobs.choices import NoticeKind
from jobs.formats import utc_time

PREFIX = "whsec_"
# As the specification has them, in bytes.
SHORTEST, LONGEST = 24, 64
# Which of a message's facts says when it happened.
HAPPENED = {NoticeKind.OPENED: "opened_at", NoticeKind.RESOLVED: "resolved_at"}
HOW = (
    f'Write {PREFIX} and 24 to 64 random bytes in Base64, as this prints: python -c "import base64, os; '
    f"print('{PREFIX}' + base64.b64encode(os.urandom(32)).decode())\""
)


class Webhook:
    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        check_keys(name, config, {"url": "Write the https address that gets the messages.", "secret": HOW})
        self.name = name
        try:
            self._url = url_of(config["url"])
        except BadUrl as bad:
            raise BadChannel(name, str(bad)) from None
        # Several, while the receiver changes from one to the next: it accepts a message by any of them.
        self._secrets = config["secret"].split()
        self._keys = [_key(name, secret) for secret in self._secrets]

    def send(self, message: Message, *, delivery_id: str, timeout: timedelta) -> Answer:
        now = clocks.wall()
        body = json.dumps(as_json(message, now), ensure_ascii=False).encode()
        headers = signed(delivery_id, now, body, self._keys)
        return answering.post(self._url, body, headers, timeout=timeout, secrets=self._secrets)

    def shown(self) -> str:
        return f"webhook {self._url.shown()}"


def as_json(message: Message, now: datetime) -> dict[str, object]:
    """`timestamp` is when it happened, where the message says that, and the same each time that it is sent."""
    happened = (message.kind and message.facts.get(HAPPENED.get(message.kind, ""))) or utc_time(now)
    return {
        "type": f"incident.{message.kind.value}" if message.kind else "digest",
        "timestamp": str(happened).replace(" ", "T"),
        "data": {
            "key": message.key,
            "severity": message.severity,
            "title": message.title,
            "text": message.text,
            "url": message.url,
            "facts": dict(message.facts),
        },
    }


def signed(delivery_id: str, now: datetime, body: bytes, keys: list[bytes]) -> dict[str, str]:
    """The headers by which the receiver knows that it came from here, unchanged, and just now."""
    seconds = str(int(now.timestamp()))
    content = f"{delivery_id}.{seconds}.".encode() + body
    found = (base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in found),
    }


def _key(name: str, secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not secret.startswith(PREFIX) or not SHORTEST <= len(key) <= LONGEST:
        raise BadChannel(name, f"'secret' can't be used. {HOW}")
    return key
