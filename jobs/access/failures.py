"""How often somebody failed to sign in, by account and by address: in the database, for all instances together.

Failures are rare, so each may cost a write; requests of the API, which aren't, are counted by each process itself
(jobs/api/throttling.py).
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NamedTuple

from jobs.ledger import sql
from jobs.sentences import Sentence

WINDOW = timedelta(minutes=10)
# An address may be that of a whole office.
OF_AN_ACCOUNT, OF_AN_ADDRESS = 10, 50


class TooManyFailures(Sentence):
    """Too many failed attempts for this account, or from your address. Try again in {minutes} min."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(minutes=-(-wait // timedelta(minutes=1)))


class Counter(NamedTuple):
    key: str
    limit: int


def counters(*, account: str = "", address: str = "") -> tuple[Counter, ...]:
    """Those that a failure counts in. An account counts by its name, whether there is one or not."""
    found = []
    if account:
        # As Unicode's capitals: some projects compare names without regard to case.
        found.append(Counter(_key("account", account.casefold()), OF_AN_ACCOUNT))
    if address:
        found.append(Counter(_key("address", address), OF_AN_ADDRESS))
    return tuple(sorted(found))


def check(found: Iterable[Counter]) -> None:
    """Raises TooManyFailures where one of them is full."""
    limits: Mapping[str, int] = dict(found)
    rows = sql.rows(
        """
        SELECT key, count, until - clock_timestamp()
          FROM nightshift_failures WHERE key = ANY(%s) AND until > clock_timestamp()
        """,
        [list(limits)],
    )
    waits = [wait for key, count, wait in rows if count >= limits[key]]
    if waits:
        raise TooManyFailures(max(waits))


def note(found: Iterable[Counter]) -> None:
    """Count a failure. Those that are over are forgotten by and by, without waiting for another session."""
    # In the order of their keys: of two failures at once neither waits for the other's second row.
    for counter in found:
        sql.execute(
            """
            INSERT INTO nightshift_failures AS f (key, until) VALUES (%s, clock_timestamp() + %s)
                ON CONFLICT (key) DO UPDATE
               SET count = CASE WHEN f.until > clock_timestamp() THEN f.count + 1 ELSE 1 END,
                   until = CASE WHEN f.until > clock_timestamp() THEN f.until ELSE excluded.until END
            """,
            [counter.key, WINDOW],
        )
    sql.execute(
        """
        DELETE FROM nightshift_failures
         WHERE key = ANY(ARRAY(SELECT key FROM nightshift_failures WHERE until < clock_timestamp()
                                LIMIT 10 FOR UPDATE SKIP LOCKED))
        """
    )


def forget(found: Iterable[Counter]) -> None:
    """Begin from zero: somebody has signed in."""
    sql.execute("DELETE FROM nightshift_failures WHERE key = ANY(%s)", [[counter.key for counter in found]])


def _key(kind: str, value: str) -> str:
    return hashlib.sha256(f"{kind}:{value}".encode()).hexdigest()
