"""Tokens of programs: how one looks, and whose it is. Only its hash is kept."""

import hashlib
import secrets
import zlib
from datetime import timedelta

from django.utils import timezone

from jobs.access.rules import Rule, with_view
from jobs.access.selectors import Selector
from jobs.choices import Verb
from jobs.ledger import sql
from jobs.models import Token

# By it scanners of code find one that somebody has committed; docs/how-to/permissions.md gives them the expression.
PREFIX = "nsk_"
RANDOM_BYTES = 32
HINT_LENGTH = len(PREFIX) + 4
LENGTH = len(PREFIX) + 43 + 8


def new() -> str:
    """A new secret: 32 random bytes, and a checksum by which a scanner knows it from a made-up one."""
    text = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    return text + _checksum(text)


def is_well_formed(text: str) -> bool:
    """Whether it can be one of ours: what isn't needs no look into the database."""
    if len(text) != LENGTH or not text.isascii() or not text.startswith(PREFIX):
        return False
    return _checksum(text[:-8]) == text[-8:]


def hash_of(text: str) -> str:
    """What is kept of it. It is random enough that no salt and no slow hash is needed."""
    return hashlib.sha256(text.encode()).hexdigest()


def find(text: str) -> Token | None:
    """The token in force with this secret; None where there is none, or none any more.

    The hash is looked up: how long that takes says nothing of the secrets that there are.
    """
    if not is_well_formed(text):
        return None
    return Token.objects.in_force().filter(hash=hash_of(text)).select_related("user", "service").first()


def note_use(token: Token, address: str) -> None:
    """Keep when the token was last used, to the minute: one write for all requests of a minute.

    A request never waits for another one that writes the same.
    """
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < timedelta(minutes=1):
        return
    sql.execute(
        """
        UPDATE nightshift_token
           SET last_used_at = date_trunc('minute', clock_timestamp()), last_used_from = %s
         WHERE id = (SELECT id FROM nightshift_token
                      WHERE id = %s AND (last_used_at < date_trunc('minute', clock_timestamp()) OR last_used_at IS NULL)
                        FOR NO KEY UPDATE SKIP LOCKED)
        """,
        [address, token.pk],
    )


def scopes_of(token: Token) -> tuple[Rule, ...]:
    """What the token may do at most."""
    source = f"the token {token.name}"
    return tuple(
        Rule(verbs=with_view(map(Verb, scope["verbs"])), selector=Selector(scope["selector"]), source=source)
        for scope in token.scopes
    )


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode()):08x}"
