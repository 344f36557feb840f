import pytest
from jobs.ledger import endings
from tests.helpers.days import *
from tests.helpers.rows import *
@pytest.mark.django_db
def test_x():
    run = a_queued_run()
    endings.cancel(run.pk, "ada")
    count_ends()
    print(runs_and_gaps_by_day(), as_written())
    assert 0
