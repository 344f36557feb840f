"""A request that a client repeats, because it never got the answer, starts one run.

It comes with a key of the client's (the header Idempotency-Key, draft-ietf-httpapi-idempotency-key-header). The key is
written in the transaction of the run: there is never one without the other.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.ledger import sql
from jobs.models import IdempotencyKey
from jobs.sentences import Sentence

# How long a key is kept.
KEPT = timedelta(days=7)


class StillAtWork(Sentence, ValueError):
    """A request with the idempotency key {key!r} is still at work. Repeat yours in a moment."""

    def __init__(self, key: str) -> None:
        super().__init__(key=key)


class UsedForAnother(Sentence, ValueError):
    """The idempotency key {key!r} was used for another request, {ago} ago. Give each request a key of its own, and send
    one again only unchanged.
    """

    def __init__(self, key: str, ago: str) -> None:
        super().__init__(key=key, ago=ago)


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A client's key, and the hash of what it asks for under it."""

    owner: str
    key: str
    request: str

    @classmethod
    def of(cls, owner: str, key: str, request: Mapping[str, Any]) -> "Key":
        """`request` is JSON: the same in another order is the same request."""
        text = json.dumps(request, sort_keys=True, default=str)
        return cls(owner=owner, key=key, request=hashlib.sha256(text.encode()).hexdigest())


class AlreadyStarted(Exception):
    """An earlier request with the key has started this run."""

    def __init__(self, run_id: int) -> None:
        super().__init__(run_id)
        self.run_id = run_id


# Nobody waits for the lock: a client that is told at once needn't hold a connection.
LOCK = "pg_try_advisory_xact_lock(hashtextextended(%(lock)s::text, 0))"
# For the statement that inserts the run: whether the key is new, and its row, which SELECT COLUMNS, id FROM … gives.
# `parameters` gives what they need. Raises IntegrityError where the key was committed since the statement's snapshot.
IS_NEW = f"""
    {LOCK} AND NOT EXISTS (
        SELECT FROM nightshift_idempotencykey WHERE owner = %(owner)s::text AND key = %(key)s::text)
"""
INSERT = "INSERT INTO nightshift_idempotencykey (owner, key, request, run_id)"
COLUMNS = "%(owner)s::text, %(key)s::text, %(request)s::text"


def parameters(key: Key | None) -> dict[str, str | None]:
    """The parameters of IS_NEW and COLUMNS; without a key all are null."""
    if key is None:
        return dict.fromkeys(("lock", "owner", "key", "request"))
    return {"lock": _lock(key), "owner": key.owner, "key": key.key, "request": key.request}


def _lock(key: Key) -> str:
    return f"jobs.idempotency/{key.owner}/{key.key}"


def begin(key: Key) -> None:
    """Make the key the caller's until the transaction ends: others hear that the request is at work.

    Raises StillAtWork, UsedForAnother, or AlreadyStarted.
    """
    if not sql.value(f"SELECT {LOCK}", {"lock": _lock(key)}):
        raise StillAtWork(key.key)
    if (known := run_of(key)) is not None:
        raise AlreadyStarted(known)


def run_of(key: Key) -> int | None:
    """The run that a request with this key has started; None where there is none. Raises UsedForAnother."""
    found = sql.row(
        """
        SELECT run_id, request, date_trunc('second', clock_timestamp() - at)::text
          FROM nightshift_idempotencykey WHERE owner = %s AND key = %s
        """,
        [key.owner, key.key],
    )
    if found is None:
        return None
    run_id, request, ago = found
    if request != key.request:
        raise UsedForAnother(key.key, ago)
    return int(run_id)


def keep(key: Key, run_id: int) -> None:
    """Write the key, in the transaction that inserts its run."""
    IdempotencyKey.objects.create(owner=key.owner, key=key.key, request=key.request, run_id=run_id)
