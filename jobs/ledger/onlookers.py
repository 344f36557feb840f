"""Who else hears that an attempt has started and that a run has ended, once it is committed.

Nothing that they do delays or fails the run: whoever listens returns at once.
"""

from collections.abc import Callable
from functools import partial

from django.db import transaction

from jobs.ledger.changed import Changed
from jobs.ledger.claims import Claim

STARTED: list[Callable[[Claim], None]] = []
ENDED: list[Callable[[Changed], None]] = []


def has_started(claim: Claim) -> None:
    """Its claim is committed."""
    for hear in STARTED:
        transaction.on_commit(partial(hear, claim), robust=True)


def has_ended(run: Changed) -> None:
    """The present transaction ends it."""
    for hear in ENDED:
        transaction.on_commit(partial(hear, run), robust=True)
