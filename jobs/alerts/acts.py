"""What an operator does with a channel: try it, and switch it on again. It needs the verb `alerts` for all jobs."""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from jobs.access.actor import Actor
from jobs.alerts import routes
from jobs.alerts.channels import Answer
from jobs.alerts.delivering import send
from jobs.alerts.listing import known
from jobs.alerts.message import Message
from jobs.choices import NoticeKind, Severity, Verb
from jobs.formats import shorten
from jobs.models import ChannelOff
from jobs.verbs import channel
from jobs.verbs.acting import acting_everywhere

log = logging.getLogger(__name__)

# Somebody waits for the answer.
TIMEOUT = timedelta(seconds=10)
LONGEST_TITLE = 120
NOTHING_TO_DO = "Nothing is wrong, and there is nothing to do."


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a test. `text` is the server's answer, masked; `says` is all of it in a sentence or two."""

    channel: str
    done: bool
    text: str
    is_off: bool

    @property
    def says(self) -> str:
        what = "took the test" if self.done else "did not take the test"
        off = " It is off: nothing else is sent by it until somebody switches it on." if self.is_off else ""
        return f"{self.channel} {what}: {self.text.rstrip('.')}.{off}"


def try_out(actor: Actor, name: str) -> Tried:
    """Send a message that says it is a test, at once, also by a channel that is off. Nothing is kept of it but the log.

    Raises Refused or UnknownChannel.
    """
    with acting_everywhere(actor, Verb.ALERTS):
        known(name)
    answer = _sent(name, _message(name, actor.name))
    log.info("channel=%s tested by=%s done=%s: %s", name, actor.name, answer.done, answer.text)
    return Tried(name, answer.done, answer.text, ChannelOff.objects.filter(name=name).exists())


def switch_on(actor: Actor, name: str) -> None:
    """Send by it again. Raises Refused, UnknownChannel or NotOff."""
    with acting_everywhere(actor, Verb.ALERTS):
        known(name)
    channel.switch_on(actor, name)


def _sent(name: str, message: Message) -> Answer:
    answer = send(name, message, message.key, TIMEOUT)
    if answer.gone or not routes.keeps_open(name):
        return answer
    # Also where no answer came in time: the server may have it all the same.
    over = send(name, replace(message, kind=NoticeKind.RESOLVED), f"{message.key}-over", TIMEOUT)
    if over.done or not answer.done:
        return answer
    return replace(answer, done=False, text=f"{answer.text}; but not that it is over, so resolve it there: {over.text}")


def _message(name: str, by: str) -> Message:
    title = f"This is a test of the channel {name}, asked for by {by}."
    return Message(
        key=f"nightshift-test-{uuid.uuid4()}",
        kind=NoticeKind.OPENED,
        severity=Severity.INFO.value,
        title=shorten(title, LONGEST_TITLE),
        text=f"{title}\n\n{NOTHING_TO_DO}\n",
        html="",
        url="",
        facts={"test": name, "by": by},
    )
