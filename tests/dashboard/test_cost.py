"""What each page costs with 500 jobs. `python -m benchmarks 18` measures the same pages with five million runs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks import history
from benchmarks.pages import declare_like, sample, settled
from jobs.declarations.registry import registry
from jobs.ledger import sql
from tests.helpers.dashboard_pages import LIST_OF_JOBS, PAGE, QUERIES, pages, unlisted
from tests.helpers.plans import emptied


@pytest.fixture
def ledger(db):
    """A year of history of 500 jobs; gives what pages are about."""
    emptied(*history.TABLES)
    with registry.isolated():
        names = history.make(10_000)
        declare_like(names, command="succeeds")
        settled()
        yield sample(names)


def test_each_page_has_few_queries_and_bytes_and_is_refreshed_by_one_query(ledger, admin_client, monkeypatch):
    monkeypatch.setattr("jobs.dashboard.pages._minute", lambda: "12:00")
    found, listed = [], pages(ledger)
    for page in listed:
        with CaptureQueriesContext(connection) as queries:
            answer = admin_client.get(page.path)
        assert answer.status_code == 200, page
        html = answer.content.decode()
        if len(queries) > QUERIES or len(answer.content) > page.size:
            found.append(f"{page.path}: {len(queries)} queries, {len(answer.content):,} bytes")
        main = html.partition("<main")[2].partition("\n")[0]
        if tag := main.partition('data-tag="')[2].partition('">')[0].replace("&quot;", '"'):
            with CaptureQueriesContext(connection) as queries:
                again = admin_client.get(page.path, headers={"X-Nightshift-Poll": "1", "If-None-Match": tag})
            # Two are about session and account.
            if (again.status_code, len(queries)) != (304, 3):
                found.append(f"{page.path}, asked again: {again.status_code}, {len(queries)} queries")
    assert found == []
    assert unlisted(listed) == set()


def test_500_jobs_with_names_of_40_letters_fit_into_one_page(ledger, admin_client):
    long = {name: f"{name}_of_the_largest_shop_in_the_whole_town"[:40] for name in list(registry)}
    for table in ("run", "gap", "jobstate", "jobday"):
        for name, other in long.items():
            sql.execute(f"UPDATE nightshift_{table} SET job = %s WHERE job = %s", [other, name])
    with registry.isolated():
        declare_like(list(long.values()), command="succeeds")
        settled()
        for path in ("/jobs/", "/jobs/?group=label&sort=next", "/?plan=all"):
            answer = admin_client.get(path)
            assert answer.content.count(b"_of_the_") > 500
            assert len(answer.content) <= LIST_OF_JOBS, path
        for job in (long[ledger.busy], long[ledger.rare], long[ledger.idle]):
            assert len(admin_client.get(f"/jobs/{job}/").content) <= PAGE, job
