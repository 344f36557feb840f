"""What a page of a list reads doesn't grow with the ledger: each list of the API and the admin, with each filter."""

import pytest
from django.db import connection

from benchmarks import history
from jobs.reading import keyset, searching
from tests.helpers import lists
from tests.helpers.plans import emptied, plans

RUNS = 30_000
LARGE = {f"nightshift_{name}" for name in ("run", "attempt", "output", "gap", "event", "incident")}


@pytest.fixture
def ledger(db, declared, monkeypatch):
    """A year of history, of which a page may look at a small part; gives the jobs to look for."""
    monkeypatch.setattr(keyset, "WINDOW", 1_000)
    monkeypatch.setattr(searching, "WINDOW", 1_000)
    monkeypatch.setattr(searching, "MOST_ERRORS", 200)
    emptied(*LARGE)
    jobs = history.make(RUNS, jobs=100)
    for job in jobs:
        declared(job, command="succeeds")
    return lists.sample(jobs)


def pages(client, user, jobs):
    """Each page, with what reads it."""
    for page in lists.api_lists(jobs):
        yield page, lambda page=page: client.get(page).json()["results"]
    for page in lists.admin_lists(user, jobs):
        yield page, lambda page=page: list(lists.changelist(page, user).result_list)


def too_much(page, work):
    """The statements of a page that read a large table from end to end, or look at more rows than the window has."""
    with plans(LARGE) as found:
        work()
    return [
        f"{page}: {plan.rows} rows, all of {plan.scanned & LARGE}, by {plan.index}: {plan.statement[:400]}"
        for plan in found
        if plan.scanned & LARGE or plan.rows > 3 * keyset.WINDOW
    ]


def test_no_page_of_a_list_reads_more_for_a_longer_history(ledger, admin_client, admin_user):
    found = [sentence for page, work in pages(admin_client, admin_user, ledger) for sentence in too_much(page, work)]
    assert not found, "\n".join(found)


def test_what_has_just_been_queued_by_the_thousand_is_looked_up_by_its_number(ledger, admin_client):
    """Statistics don't know of it: an index of what is active looks as if it had a row or two."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM nightshift_run WHERE finished_at IS NULL")
        cursor.execute("ANALYZE nightshift_run")
        cursor.execute(
            "INSERT INTO nightshift_run (job, trigger, status, requested_by, created_at, not_before)"
            " SELECT %s, 'manual', 'queued', 'ada', now(), now() FROM generate_series(1, 800)",
            [ledger[0]],
        )
    for query in ("trigger=manual&status=queued", "requested_by=ada&status=queued&status=running"):
        page = f"/api/v1/runs/?{query}"
        assert not too_much(page, lambda page=page: admin_client.get(page).json()["results"])
