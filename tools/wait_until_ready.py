"""Wait until a deployment answers with the release that it was given.

    python3 tools/wait_until_ready.py URL RELEASE [SECONDS]

URL is the site's, as `terraform output -raw url` prints it. While a new container starts, the old one answers, and is
ready too: `release` in the answer of /api/ready says which one it is. Exits with 0 as soon as it is the new one, and
with 1 after SECONDS (2400; Azure gives a start 1800). If only settings changed the release is the same, so the old
container's answer counts as the new one's.
"""

import http.client
import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

PAUSE = 10.0  # seconds between two questions


def answer(url: str) -> str:
    """What the site says, or why it says nothing."""
    try:
        with opened(url) as response:
            return str(response.read().decode(errors="replace")) or f"{response.status}, and nothing else"
    except (OSError, http.client.HTTPException) as error:
        return str(error)


def opened(url: str) -> Any:
    try:
        return urllib.request.urlopen(url, timeout=20)  # noqa: S310  a URL of whoever calls this
    except urllib.error.HTTPError as error:
        return error  # an answer too: who isn't ready says it with 503


def is_ready(text: str, release: str) -> bool:
    try:
        answer = json.loads(text)
    except ValueError:
        return False
    return isinstance(answer, dict) and answer.get("status") == "ready" and answer.get("release") == release


def wait(site: str, release: str, seconds: float, pause: float = PAUSE) -> bool:
    """Whether it came in time. What the site says is printed whenever it changes."""
    until, last = time.monotonic() + seconds, ""
    while True:
        text = answer(f"{site.rstrip('/')}/api/ready")
        if text != last:
            print(text, flush=True)  # noqa: T201
        if is_ready(text, release):
            return True
        if time.monotonic() + pause > until:
            return False
        last = text
        time.sleep(pause)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    url, wanted, limit = sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) == 4 else 2400.0
    if not url or not wanted:
        sys.exit("URL or RELEASE is empty. Does `terraform output` print them?")
    if not wait(url, wanted, limit):
        sys.exit(f'{url} didn\'t answer with release {wanted} within {limit:g} s. See docs/deploy.md, "Look inside".')
