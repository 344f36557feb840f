"""A sign of life after each tick, for a watch from outside: a dead app can't say that it is dead.

Healthchecks, Cronitor, Better Stack and others raise the alarm when the GET of JOBS_HEARTBEAT_URL stays away.
"""

import logging
import threading
from datetime import timedelta

from jobs.alerts.channels import answering, http
from jobs.alerts.channels.addresses import BadUrl, Forbidden, url_of
from jobs.alerts.channels.http import Unanswered
from jobs.conf import conf

log = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=5)


class Heartbeat:
    """One sign at a time, on a thread of its own: the tick waits for none."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._fails = False

    def beat(self) -> None:
        """Give the sign, if there is a URL. It takes no time, and fails nothing."""
        if conf.JOBS_HEARTBEAT_URL and self._busy.acquire(blocking=False):
            try:
                threading.Thread(target=self._give, name="jobs-heartbeat", daemon=True).start()
            except RuntimeError:  # the system gives no thread: the next tick tries again
                self._busy.release()

    def _give(self) -> None:
        try:
            why = why_not(conf.JOBS_HEARTBEAT_URL, called="JOBS_HEARTBEAT_URL")
        except Exception:
            log.exception("the heartbeat failed")
        else:
            # Once, and not each minute.
            if why and not self._fails:
                log.warning("JOBS_HEARTBEAT_URL isn't reached, which raises the alarm there: %s", why)
            elif self._fails and not why:
                log.info("JOBS_HEARTBEAT_URL is reached again")
            self._fails = bool(why)
        finally:
            self._busy.release()


def why_not(text: str, called: str) -> str:
    """Ask for this URL. Empty where the sign has arrived."""
    try:
        url = url_of(text, called=called)
        reply = http.ask("GET", url, timeout=PATIENCE)
    except (BadUrl, Forbidden, Unanswered) as error:
        return answering.line(str(error), [text])
    return "" if reply.is_good else answering.of(reply, url.secrets()).text


here = Heartbeat()
