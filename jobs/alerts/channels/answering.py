"""What a server's answer means for a delivery, in one masked line."""

import email.utils
import http.client
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, timedelta

from jobs import clocks, masking
from jobs.alerts.channels import http as client
from jobs.alerts.channels.addresses import Forbidden, Url
from jobs.alerts.channels.channel import Answer
from jobs.alerts.channels.http import Reply, Unanswered
from jobs.formats import as_shown, plain, shorten

LONGEST = 500
# There is nobody at this address any more.
GONE = frozenset({404, 410})
# They may ask for time.
BUSY = frozenset({429, 503})
# A message must not wait longer because of a server's mistake.
LONGEST_WAIT = timedelta(hours=1)
_TAG = re.compile(r"<[^<>]{,200}>")


def post(
    url: Url,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: timedelta,
    secrets: Collection[str],
    gone: Collection[int] = GONE,
) -> Answer:
    """Send JSON by POST, and say what came of it. `gone` are the statuses by which a server refuses for good."""
    secrets = [*secrets, *url.secrets()]
    headers = {"Content-Type": "application/json", **headers}
    try:
        reply = client.ask("POST", url, headers=headers, body=body, timeout=timeout)
    except (Unanswered, Forbidden) as error:
        return Answer(done=False, text=line(str(error), secrets))
    return of(reply, secrets, gone)


def of(reply: Reply, secrets: Collection[str], gone: Collection[int] = GONE) -> Answer:
    said = f"{reply.status} {http.client.responses.get(reply.status, '')}".strip()
    if reply.is_good:
        return Answer(done=True, text=said)
    if 300 <= reply.status < 400:
        to = reply.headers.get("Location", "another address")
        said += f": it redirects to {to}, and redirects are not followed"
    elif text := _TAG.sub(" ", reply.body.decode(errors="replace")).strip():
        said += f": {text}"
    return Answer(done=False, text=line(said, secrets), gone=reply.status in gone, after=_after(reply))


def line(text: str, secrets: Iterable[str]) -> str:
    """The text on one line, without the channel's secrets and those of the environment, and not too long."""
    masked = masking.mask(text, [*masking.of_environment(), *secrets])
    return shorten(" ".join(plain(as_shown(masked)).split()), LONGEST)


def _after(reply: Reply) -> timedelta | None:
    """For how long the server asks not to be asked again (RFC 9110, section 10.2.3)."""
    asked = reply.headers.get("Retry-After", "").strip()
    if reply.status not in BUSY or not asked:
        return None
    if asked.isascii() and asked.isdecimal():
        return min(timedelta(seconds=int(asked[:9])), LONGEST_WAIT)
    try:
        at = email.utils.parsedate_to_datetime(asked)
    except ValueError:
        return None
    wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - clocks.wall()
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
