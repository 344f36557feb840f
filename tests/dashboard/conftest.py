"""The dashboard's tests count the queries of a page, as of a process that has answered before."""

import pytest

from jobs.ledger import migration_gate


@pytest.fixture(autouse=True)
def answered_before(db):
    """A process asks once whether the migrations are there."""
    migration_gate.refusal()
