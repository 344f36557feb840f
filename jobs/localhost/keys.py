"""The master key, which opens the host's /admin routes."""

import hmac
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qs

GIVEN = "FUNCTIONS_MASTER_KEY"


def master_key(folder: Path) -> str:
    """FUNCTIONS_MASTER_KEY, or the key in this folder, made at the first call and readable by its owner only."""
    if given := os.environ.get(GIVEN):
        return given
    file = folder / "master.key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return file.read_text().strip()


def whereabouts(folder: Path) -> str:
    """Where the master key is found; the key itself is for no terminal."""
    return GIVEN if os.environ.get(GIVEN) else str(folder / "master.key")


def opens(master: str, headers: Mapping[str, str], query: str) -> bool:
    """Whether a request brings the master key: in x-functions-key or, as the host allows too, in ?code=."""
    brought = headers.get("x-functions-key") or parse_qs(query).get("code", [""])[0]
    return hmac.compare_digest(brought.encode(), master.encode())
