"""Leases: renewed by who holds them, and lost where nobody does."""

from datetime import timedelta

import pytest

from jobs.choices import Status
from jobs.ledger import leases, states, timing
from jobs.models import Run
from tests.helpers.rows import a_claimed_run, settled_ticks, status_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def test_a_lease_is_renewed_for_who_holds_it():
    run, claim = a_claimed_run()
    Run.objects.update(lease_expires_at=states.clock())
    assert leases.renew([(run.pk, claim.attempt)]) == {(run.pk, 1): False}
    run.refresh_from_db()
    assert abs(run.lease_expires_at - states.clock() - timing.LEASE) < timedelta(seconds=5)
    assert leases.renew([(run.pk, claim.attempt + 1)]) == {}


@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_session_has_locked_keeps_no_other_lease_waiting(locked):
    (run, claim), (other, claim_of_other) = a_claimed_run("a"), a_claimed_run("b")
    keys = [(run.pk, claim.attempt), (other.pk, claim_of_other.attempt)]
    with locked("SELECT FROM nightshift_run WHERE id = %s FOR UPDATE", run.pk):
        assert leases.renew(keys) == {(other.pk, 1): False}
        assert leases.still_ours(keys) == set(keys)


def test_a_run_whose_lease_ran_out_is_lost(declared):
    declared("nightly")
    run, _ = a_claimed_run()
    settled_ticks()
    assert leases.expired() == []
    Run.objects.update(lease_expires_at=states.clock() - HOUR)
    expired = leases.expired()
    assert leases.declare_lost(expired, "gone") == []
    assert (status_of(run), run.error, run.attempts.get().status) == (Status.LOST, "gone", "lost")


def test_a_lease_that_was_renewed_meanwhile_holds(declared):
    declared("nightly")
    run, claim = a_claimed_run()
    Run.objects.update(lease_expires_at=states.clock() - HOUR)
    settled_ticks()
    expired = leases.expired()
    leases.renew([(run.pk, claim.attempt)])
    leases.declare_lost(expired, "gone")
    assert status_of(run) == Status.RUNNING


def test_a_lost_run_is_tried_again_where_its_job_says_so(declared):
    declared("nightly", retries=1)
    run, _ = a_claimed_run()
    Run.objects.update(lease_expires_at=states.clock() - HOUR)
    settled_ticks()
    [ring] = leases.declare_lost(leases.expired(), "gone")
    assert (ring.run_id, status_of(run)) == (run.pk, Status.QUEUED)
