"""With what the API is asked: a token from a file or the environment, or one of Azure's for whoever is signed in there.

It is never part of a command line, which others on the machine can read, and never of a message.
"""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from jobs.commandline.ledger import Refusal

# As RFC 6750 has it. Anything else could be no header, and Python's error would show it.
FORM = re.compile(r"[A-Za-z0-9._~+/-]+=*")
VARIABLE = "NIGHTSHIFT_TOKEN"
NONE = (
    f"There is no token. Put one into {VARIABLE} or a file for --token-file, or use --az after `az login`. "
    "`manage.py token create` makes one."
)
# Seconds: az may have to ask Entra ID.
PATIENCE = 60

type Credentials = Callable[[bool], str]


def from_environment() -> Credentials:
    """Raises Refusal where there is none."""
    return _fixed(os.environ.get(VARIABLE, "").strip(), VARIABLE)


def from_file(path: Path) -> Credentials:
    """Raises Refusal where the file can't be read, or holds something else."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Refusal(f"--token-file: {path} can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        text = "\0"
    return _fixed(text, str(path))


def from_azure(resource: str) -> Credentials:
    """A token of Entra ID for this resource, from `az`; a new one where the last is no longer taken."""
    known: list[str] = []

    def credentials(again: bool) -> str:
        if again or not known:
            known[:] = [_checked(_ask_az(resource), "What `az` gave")]
        return known[0]

    return credentials


def _fixed(text: str, source: str) -> Credentials:
    if not text:
        raise Refusal(NONE if source == VARIABLE else f"{source} is empty. {NONE}")
    token = _checked(text, source)
    return lambda again: token


def _checked(text: str, source: str) -> str:
    if not FORM.fullmatch(text):
        raise Refusal(f"{source} doesn't hold a token: one word such as nsk_…, and nothing else.")
    return text


def _ask_az(resource: str) -> str:
    words = ["az", "account", "get-access-token", "--resource", resource, "--query", "accessToken", "--output", "tsv"]
    try:
        found = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603 — its name is fixed
    except FileNotFoundError:
        raise Refusal(
            "--az: there is no `az` on the PATH. Install Azure's command line, and sign in: `az login`."
        ) from None
    except subprocess.TimeoutExpired:
        raise Refusal(f"--az: `az account get-access-token` didn't answer within {PATIENCE} seconds.") from None
    if found.returncode:
        said = found.stderr.strip().splitlines() or [f"exit code {found.returncode}"]
        raise Refusal(f"--az: `az account get-access-token` failed: {said[-1]} Sign in first: `az login`.")
    return found.stdout.strip()
