"""Progress is written to the rows of those who hold them."""

import pytest

from jobs.ledger import progress
from tests.helpers.rows import a_claimed_run

pytestmark = pytest.mark.django_db


def test_progress_is_written_by_who_holds_the_attempt():
    run, claim = a_claimed_run()
    progress.write([(run.pk, claim.attempt, {"done": 1}), (run.pk, claim.attempt + 1, {"done": 2})])
    run.refresh_from_db()
    assert run.progress == {"done": 1}
