"""Chats and pagers by Apprise (the extra `alerts`), which is imported when a message goes out or an entry is checked.

Apprise sends by `requests`, not by our client. Bounded here: which services there are, their certificates, that no
redirect is followed, and how long it takes: after the timeout nobody waits, and its thread ends by the timeouts of its
sockets. Where the entry names the host (NAMED), its addresses are looked at first, as ours are.

Not bounded: Apprise resolves such a name once more, so a name server that changes its answer in between leads
elsewhere; how much of an answer is read; a proxy that the environment names is used.
"""

import importlib.util
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import unquote

from jobs.alerts.channels import addresses
from jobs.alerts.channels.addresses import BadUrl, Forbidden, Url
from jobs.alerts.channels.answering import GONE, line
from jobs.alerts.channels.channel import Answer, BadChannel, check_keys
from jobs.alerts.channels.deadline import Deadline, within
from jobs.alerts.channels.http import TO_CONNECT, why
from jobs.alerts.message import Message
from jobs.choices import NoticeKind
from jobs.formats import format_duration

# Services of one host each, which Apprise knows.
FIXED = frozenset(
    {
        "discord",
        "gchat",
        "opsgenie",
        "pagerduty",
        "pagertree",
        "pover",
        "slack",
        "splunk",
        "tgram",
        "victorops",
        "webex",
    }
)
# Services whose host the entry names: Teams' workflows, and what runs at your own.
NAMED = frozenset({"mmosts", "ntfy", "ntfys", "rockets", "workflow", "workflows"})
# They would read a file, switch off what is bounded here, or send what isn't ours.
REFUSED_OPTIONS = frozenset({"attach", "redirect", "template", "verify"})
# As Apprise logs an answer that isn't good.
_STATUS = re.compile(r"\berror=(\d{3})\b")
LOGGERS = ("apprise", "urllib3.connectionpool")


class Apprise:
    def __init__(self, name: str, config: Mapping[str, str]) -> None:
        check_keys(name, config, {"url": "Write an address of Apprise: slack://…."})
        self.name, self._url = name, config["url"]
        self._scheme, colon, self._rest = self._url.partition("://")
        known = ", ".join(sorted(FIXED | NAMED))
        if not colon or self._scheme not in FIXED | NAMED:
            raise BadChannel(name, f"'url' is of no service that may be used. Begin it with one of {known}.")
        # As Apprise reads them.
        options = {unquote(each.partition("=")[0]).strip().lower() for each in re.split(r"[?&;]", self._rest)[1:]}
        if refused := sorted(REFUSED_OPTIONS & options):
            raise BadChannel(name, f"'url' has the option {refused[0]!r}, which is not allowed. Leave it out.")
        if importlib.util.find_spec("apprise") is None:
            raise BadChannel(name, "this kind needs Apprise. Install django-nightshift[alerts].")

    def load(self) -> Any:
        """Apprise's own object for the URL. Raises BadChannel where Apprise can't read it."""
        import apprise

        asset = apprise.AppriseAsset(app_id="Nightshift", http_redirects=False, async_mode=False)
        with _heard():
            plugin = apprise.Apprise.instantiate(self._url, asset=asset)
        if plugin is None:
            raise BadChannel(
                self.name, f"'url' can't be read by Apprise. Its page says how to write {self._scheme}://."
            )
        return plugin

    def send(self, message: Message, *, delivery_id: str, timeout: timedelta) -> Answer:
        try:
            # Before the time runs: once in a process Apprise reads all its services, for seconds on a busy machine.
            plugin, deadline = self.load(), Deadline(timeout)
            return within(deadline.left(), partial(self._send, plugin, message, deadline))
        except TimeoutError:
            text = f"It took longer than {format_duration(timeout)}."
        except (BadChannel, BadUrl, Forbidden) as error:
            text = str(error)
        except Exception as error:  # noqa: BLE001 — each service is code of somebody else
            text = why(error)
        return Answer(done=False, text=line(text, self._secrets()))

    def _send(self, plugin: Any, message: Message, deadline: Deadline) -> Answer:
        import apprise

        if self._scheme in NAMED and getattr(plugin, "mode", "") != "cloud":
            _look_at(plugin, deadline)
        plugin.redirects, plugin.verify_certificate = False, True
        plugin.socket_connect_timeout = min(TO_CONNECT, deadline.left())
        plugin.socket_read_timeout = deadline.left()
        servers = apprise.Apprise(asset=plugin.asset)
        servers.add(plugin)
        with _heard() as heard:
            done = servers.notify(message.text, message.title, notify_type=_type(message), body_format="text")
        said = " ".join(heard)
        status = _STATUS.search(said)
        gone = not done and status is not None and int(status[1]) in {401, 403, *GONE}
        text = "accepted" if done else said or "Apprise couldn't send it."
        return Answer(done=bool(done), text=line(text, self._secrets()), gone=gone)

    def shown(self) -> str:
        return f"apprise {self._scheme}://…"

    def _secrets(self) -> list[str]:
        place, slash, _ = self._rest.partition("/")
        # Without a path behind it, it is no host: a topic of ntfy, which is as good as a password.
        host = place.rpartition("@")[2].partition(":")[0] if slash and self._scheme in NAMED else ""
        pieces = [piece for piece in re.split(r"[/@:?&=]", self._rest) if len(piece) >= 8 and piece != host]
        return [self._url, *pieces, *map(unquote, pieces)]


def _look_at(plugin: Any, deadline: Deadline) -> None:
    """Raises Forbidden or BadUrl where the host that a plugin will connect to may not be reached."""
    scheme = "https" if plugin.secure else "http"
    port = f":{plugin.port}" if plugin.port else ""
    url: Url = addresses.url_of(f"{scheme}://{plugin.host}{port}/")
    addresses.resolve(url, deadline)


def _type(message: Message) -> str:
    if message.kind is NoticeKind.RESOLVED:
        return "success"
    return {"critical": "failure", "error": "failure", "warning": "warning"}.get(message.severity, "info")


# Apprise hands a message on to a thread of its own, with the context of ours.
_listener: ContextVar["_Listener | None"] = ContextVar("listener", default=None)


class _Listener(logging.Filter):
    """Takes what one delivery logs: Apprise answers by its log alone, and there may be secrets in it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:
        if _listener.get() is not self:
            return True
        if record.levelno >= logging.WARNING:
            self.heard.append(record.getMessage())
        return False


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What Apprise warns of in this block. Nothing of it gets into the log."""
    listener = _Listener()
    with ExitStack() as stack:
        stack.callback(_listener.reset, _listener.set(listener))
        for name in LOGGERS:
            logger = logging.getLogger(name)
            logger.addFilter(listener)
            stack.callback(logger.removeFilter, listener)
        yield listener.heard
