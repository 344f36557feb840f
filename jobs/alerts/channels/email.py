"""E-mail, by Django's own settings: one message to each recipient, and all about one incident in one thread."""

import re
import smtplib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email

from jobs.alerts.channels.answering import line
from jobs.alerts.channels.channel import Answer, BadChannel, check_keys
from jobs.alerts.channels.deadline import Deadline, within
from jobs.alerts.channels.http import why
from jobs.alerts.message import Message
from jobs.formats import format_duration

HOW = "Write addresses with commas between them: ops@example.com."
# Nobody's absence notice answers it (RFC 3834, and Exchange's own word for that).
BY_A_MACHINE = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}


class Said(NamedTuple):
    """What became of the message to one recipient; `refused` is empty where the server took it."""

    address: str
    refused: str = ""
    is_gone: bool = False


class Email:
    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        check_keys(name, config, {"to": HOW}, ["from"])
        self.name, self._from = name, config.get("from", "")
        self._to = [address.strip() for address in config["to"].split(",")]
        for key, addresses in (("to", self._to), ("from", [self._from] if self._from else [])):
            for address in addresses:
                try:
                    validate_email(address)
                except ValidationError:
                    raise BadChannel(name, f"{key!r} has {address!r}, which is not an address. {HOW}") from None

    def send(self, message: Message, *, delivery_id: str, timeout: timedelta) -> Answer:
        deadline = Deadline(timeout)
        said: list[Said] = []
        for address in self._to:
            letter = self._letter(message, delivery_id, address)
            try:
                within(deadline.left(), partial(_hand_over, letter, deadline.left()))
            except TimeoutError:
                said.append(Said(address, f"it took longer than {format_duration(timeout)}"))
            except smtplib.SMTPRecipientsRefused as error:
                code, words = next(iter(error.recipients.values()))
                said.append(Said(address, f"{code} {_text(words)}", is_gone=code >= 500))
            except smtplib.SMTPResponseException as error:
                said.append(Said(address, f"{error.smtp_code} {_text(error.smtp_error)}"))
            except Exception as error:  # noqa: BLE001 — EMAIL_BACKEND may be anybody's
                said.append(Said(address, why(error)))
            else:
                said.append(Said(address))
        return _together(said)

    def _letter(self, message: Message, delivery_id: str, address: str) -> EmailMultiAlternatives:
        sender = self._from or settings.DEFAULT_FROM_EMAIL
        # Two deployments may send as one, and both have an incident of this number.
        domain = urlsplit(message.url).hostname or sender.rpartition("@")[2].strip("<> ") or "nightshift"
        # Mail programs put in one thread what refers to one message; that nobody got this one changes nothing.
        thread = f"<{_id(message.key)}@{domain}>"
        letter = EmailMultiAlternatives(
            subject=" ".join(message.title.split()),
            body=message.text,
            from_email=sender,
            to=[address],
            headers={
                "Message-ID": f"<{_id(delivery_id)}.{_id(message.key)}@{domain}>",
                "In-Reply-To": thread,
                "References": thread,
                **BY_A_MACHINE,
            },
        )
        if message.html:
            letter.attach_alternative(message.html, "text/html")
        return letter

    def shown(self) -> str:
        return f"email {', '.join(self._to)}"


def _hand_over(letter: EmailMultiAlternatives, seconds: float) -> None:
    connection = _connection()
    if hasattr(connection, "timeout"):
        connection.timeout = seconds
    connection.send_messages([letter])


def _connection() -> Any:
    # Since Django 6.1.
    mailers = getattr(mail, "mailers", None)
    return mail.get_connection() if mailers is None else mailers.default


def _together(said: Sequence[Said]) -> Answer:
    """Whoever is refused for good is named, and is no reason to send it again to the others."""
    taken = [one.address for one in said if not one.refused]
    refused = [f"{one.address}: {one.refused}" for one in said if one.refused]
    text = "; ".join([*([f"accepted for {', '.join(taken)}"] if taken else []), *refused])
    for_good = all(one.is_gone for one in said if one.refused)
    return Answer(done=bool(taken) and for_good, text=line(text, _secrets()), gone=not taken and for_good)


def _secrets() -> list[str]:
    mailers = getattr(settings, "MAILERS", {})
    options = mailers.get("default", {}).get("OPTIONS", {})
    return [str(options.get("password") or "")] if mailers else [str(getattr(settings, "EMAIL_HOST_PASSWORD", ""))]


def _id(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def _text(words: bytes | str) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else words
