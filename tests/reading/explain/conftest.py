import pytest

from jobs.declarations.registry import registry
from tests.reading.explain.story import a_ledger


@pytest.fixture
def nightly(declared):
    """A job that is due at 02:00, with a ledger from 1 March to 03:00."""
    declared("nightly", command="succeeds", schedule="0 0 2 * * *")
    a_ledger("nightly")
    return registry["nightly"]


@pytest.fixture
def pipeline(declared):
    """fetch, at 02:00, then load, then report."""
    declared("fetch", command="succeeds", schedule="0 0 2 * * *")
    declared("load", command="succeeds", after="fetch")
    declared("report", command="succeeds", after="load")
    a_ledger("fetch")
