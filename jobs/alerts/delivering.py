"""Makes deliveries for as long as something is due: each channel has a thread, so that a slow server delays no other.

The database is asked by one thread, when something has happened: the process was woken, a server has answered, or the
time of the next delivery has come.
"""

import logging
import queue
import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection

from jobs import masking
from jobs.alerts import deciding, outbox, routes, run_ends
from jobs.alerts.channels import Answer, BadChannel, channel_of
from jobs.alerts.entries import BadEntry
from jobs.alerts.message import Message
from jobs.alerts.outbox import Leased
from jobs.alerts.run_ends import LeasedWatch
from jobs.ledger import sessions, sql
from jobs.ledger.failpoints import point

log = logging.getLogger(__name__)

# A process with nothing to do for so long, in seconds, ends: the tick starts another one when something is due.
LINGER = 60.0
# Between two tries to reach the database, in seconds.
AWAY = 2.0
# So many people hear of runs' ends at the same time.
LETTERS = 4
NO_ANSWER = "It gave no answer in time."


@dataclass(frozen=True, slots=True)
class Woken:
    """There may be something to decide; with `stop` the process is to end."""

    stop: bool = False


@dataclass(frozen=True, slots=True)
class Answered:
    leased: Leased
    answer: Answer


class Delivering:
    """`events` is what happens: whoever wakes it or ends it puts `Woken` there."""

    def __init__(self, linger: float = LINGER) -> None:
        self.events: queue.Queue[Woken | Answered] = queue.Queue()
        self._linger = linger
        self._is_stopping = False
        # When it ends at the latest (time.monotonic), once it is to stop: the database may stay away.
        self._stop_by = float("inf")
        # By channel: what is being sent, and until when (time.monotonic) an answer is waited for.
        self._at_work: dict[str, tuple[Leased, float]] = {}
        self._stuck: set[str] = set()
        self._answers: list[Answered] = []

    def run(self) -> None:
        """Deliver until nothing is due for long, or until it is to stop and the servers at hand have answered."""
        idle_since = time.monotonic()
        while True:
            try:
                with sessions.ours():
                    wait = self._look()
            except (*sql.AWAY, sql.Busy) as error:
                log.warning("deliveries wait for the database: %s", " ".join(str(error).split()))
                connection.close()
                wait = AWAY
            except BadEntry as bad:
                log.error("nobody hears of incidents until that is put right: %s", bad)
                return
            if self._at_work or (wait is not None and wait <= self._linger):
                idle_since = time.monotonic()
            left = idle_since + self._linger - time.monotonic()
            is_free = not self._at_work and not self._answers
            if (is_free and (self._is_stopping or left <= 0)) or time.monotonic() >= self._stop_by:
                return
            self._hear(min(left, self._linger if wait is None else wait))

    def _look(self) -> float | None:
        """Record answers, decide, send. Gives in how many seconds there is more to do; None where that isn't known."""
        self._give_up_waiting()
        while self._answers:
            _record(self._answers[0].leased, self._answers[0].answer)
            self._answers.pop(0)
        if self._is_stopping:
            return None
        while deciding.decide():
            pass
        while leased := outbox.lease(self._busy()):
            for each in leased:
                if message := outbox.message_of(each):
                    self._send(each, message)
        waits = [outbox.seconds_to_next(self._busy()), self._send_letters()]
        wait = min((each for each in waits if each is not None), default=None)
        if not self._at_work and wait is None:
            connection.close()
        return wait

    def _send_letters(self) -> float | None:
        """Send those about runs' ends that are due. Gives in how many seconds the next one is; None where an answer
        comes before it, or none waits.
        """
        while sum(isinstance(leased, LeasedWatch) for leased, _ in self._at_work.values()) < LETTERS:
            leased = run_ends.lease(self._busy())
            if leased is None:
                return run_ends.seconds_to_next(self._busy())
            if message := run_ends.message_of(leased):
                self._send(leased, message)
        return None

    def _busy(self) -> list[str]:
        return [*self._at_work, *self._stuck]

    def _send(self, leased: Leased, message: Message) -> None:
        self._at_work[leased.channel] = leased, time.monotonic() + outbox.LEASE.total_seconds()
        threading.Thread(
            target=self._talk, args=[leased, message], name=f"jobs-channel-{leased.channel}", daemon=True
        ).start()

    def _talk(self, leased: Leased, message: Message) -> None:
        """Send it, in a thread of the channel's own, which asks the database nothing."""
        answer = send(leased.channel, message, outbox.delivery_id(leased, message), outbox.TIMEOUT)
        point("send.after")
        self.events.put(Answered(leased, answer))

    def _hear(self, seconds: float) -> None:
        """Wait for what happens; all that has happened is taken at once."""
        until = min((limit for _, limit in self._at_work.values()), default=time.monotonic() + seconds)
        wait = max(0.0, min(seconds, until - time.monotonic()))
        try:
            self._take(self.events.get(timeout=wait))
            while True:
                self._take(self.events.get_nowait())
        except queue.Empty:
            pass

    def _take(self, event: Woken | Answered) -> None:
        if isinstance(event, Woken):
            if event.stop and not self._is_stopping:
                self._is_stopping, self._stop_by = True, time.monotonic() + outbox.LEASE.total_seconds()
            return
        at_work = self._at_work.get(event.leased.channel)
        self._stuck.discard(event.leased.channel)
        if at_work is not None and at_work[0] == event.leased:
            del self._at_work[event.leased.channel]
            self._answers.append(event)

    def _give_up_waiting(self) -> None:
        for channel, (leased, until) in list(self._at_work.items()):
            if time.monotonic() >= until:
                del self._at_work[channel]
                self._stuck.add(channel)
                self._answers.append(Answered(leased, Answer(done=False, text=NO_ANSWER)))


def _record(leased: Leased, answer: Answer) -> None:
    if isinstance(leased, LeasedWatch):
        run_ends.record(leased, answer)
    else:
        outbox.record(leased, answer)


def send(name: str, message: Message, delivery_id: str, timeout: timedelta) -> Answer:
    """Send a message by the channel of this name. Whatever becomes of it is an answer."""
    config = routes.config(name)
    if config is None:
        return Answer(done=False, gone=True, text="JOBS_CHANNELS has no channel of this name.")
    try:
        return channel_of(name, config).send(message, delivery_id=delivery_id, timeout=timeout)
    except BadChannel as bad:
        return Answer(done=False, gone=True, text=masking.mask(str(bad)))
    except Exception as fault:  # a channel's library may raise anything, and the others must go on
        log.exception("the channel %s failed", name)
        return Answer(done=False, text=masking.mask(f"{type(fault).__name__}: {fault}"))
