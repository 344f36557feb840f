"""The doorbell in Azure: a message in a Storage Queue, whose function executes the run on any free instance."""

import logging
import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import LinearRetry, QueueClient

from jobs.azure import identity, storage
from jobs.azure.storage import QUEUE
from jobs.ledger.doorbell import Ring

log = logging.getLogger(__name__)

# No message stays invisible for longer. The tick rings for what is due later.
LONGEST_DELAY = timedelta(days=7)
# If nothing has read a message this long after it became visible, the tick repeats it.
LIFETIME = timedelta(days=1)
# Seconds to connect and to wait for the answer; the caller waits with it.
CONNECT, READ = 3, 5
# The text of a message that is sent to be taken back, and how long nobody sees it, in seconds. Should it stay, it lives
# for one second more, and wakes an executor for nothing.
NO_RUN, REHEARSAL = "0", 60
LIVES = REHEARSAL + 1
# After a failure nobody tries for so long, in seconds: a tick that rings for many must not wait for each.
PAUSE = 10.0
# How many messages are sent at once: a round trip takes longer than the queue needs for a message.
AT_ONCE = 8


class QueueDoorbell:
    """Sends a message with the run's id. If the queue is down nothing fails: the tick rings for the row later."""

    def ring(self, rings: Sequence[Ring]) -> None:
        found = [ring for ring in rings if ring.delay <= LONGEST_DELAY]
        if len(found) == 1:
            _ring(found[0])
        elif found:
            with ThreadPoolExecutor(min(AT_ONCE, len(found)), "jobs-doorbell") as threads:
                list(threads.map(_ring, found))

    def problem(self) -> str:
        """Why messages can't be sent, in a sentence; empty if they can."""
        if outage.is_on():
            return f"The queue {QUEUE} couldn't be reached a moment ago."
        try:
            _made(client())
        except (AzureError, storage.NoStorage) as error:
            outage.begin()
            return f"The queue {QUEUE} can't be reached: {sentence(error)}"
        return ""

    def rehearse(self) -> str:
        """Why a message can't be read, sent or taken back, in a sentence; empty if it can."""
        if why := self.problem():
            return why
        try:
            client().peek_messages()
            client().delete_message(client().send_message(NO_RUN, visibility_timeout=REHEARSAL, time_to_live=LIVES))
        except AzureError as error:
            return (
                f"The queue {QUEUE} can be listed but not used: {sentence(error)} Give the app's identity the role "
                "Storage Queue Data Contributor."
            )
        return ""


@dataclass(slots=True)
class Outage:
    """Until when, by time.monotonic, the queue is considered down."""

    until: float = 0.0

    def begin(self) -> None:
        self.until = time.monotonic() + PAUSE

    def is_on(self) -> bool:
        return time.monotonic() < self.until


outage = Outage()


@cache
def client() -> QueueClient:
    """The queue. It sends plain text, as host.json's messageEncoding says. Raises NoStorage."""
    where = storage.settings()
    options: dict[str, Any] = {
        "retry_policy": LinearRetry(backoff=1, retry_total=1, random_jitter_range=0),
        "connection_timeout": CONNECT,
        "read_timeout": READ,
    }
    if where.connection_string:
        try:
            return QueueClient.from_connection_string(where.connection_string, QUEUE, **options)
        except ValueError:
            raise storage.UnreadableConnectionString from None
    return QueueClient(where.queue_url, QUEUE, credential=identity.credential(where.client_id), **options)


def _ring(ring: Ring) -> None:
    if outage.is_on():
        log.info("not rung run=%s: the queue was down a moment ago; the tick rings later", ring.run_id)
        return
    try:
        _send(str(ring.run_id), ring.delay)
    except (AzureError, storage.NoStorage) as error:
        outage.begin()
        log.warning("not rung run=%s: the tick rings later. %s", ring.run_id, sentence(error))


def _send(text: str, delay: timedelta) -> None:
    # Whole seconds, rounded up: a message that came before its run is due would be lost.
    invisible = math.ceil(delay.total_seconds())
    lifetime = invisible + int(LIFETIME.total_seconds())
    queue = client()
    try:
        queue.send_message(text, visibility_timeout=invisible, time_to_live=lifetime)
    except ResourceNotFoundError:
        _made(queue).send_message(text, visibility_timeout=invisible, time_to_live=lifetime)


def _made(queue: QueueClient) -> QueueClient:
    """The queue, made where it is missing."""
    try:
        queue.get_queue_properties()
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # another instance was first
            queue.create_queue()
    return queue


def sentence(error: Exception) -> str:
    """The error's first line. The others are about requests and headers."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
