"""The list of runs: its filters, and what is done to many of them after a preview."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from jobs.dashboard import selected
from jobs.ledger import selections
from jobs.models import Grant, Run, Selection
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import NOON, a_queued_run, a_run, an_attempt

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs(declared):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *", labels="billing")
    declared("weekly", command="clearsessions", schedule="0 0 3 * * MON", confirm="yes")


FILTERS = (
    "job=nightly",
    "label=billing",
    "status=failed&status=lost",
    "show=bad",
    "trigger=manual",
    "requested_by=ada",
    "scheduled_after=2026-03-14T11:00&scheduled_before=2026-03-14T12:00",
    "started_after=2026-03-14T11:00&started_before=2026-03-14T12:00",
    "finished_after=2026-03-14T11:59&finished_before=2026-03-14T12:01",
    "min_duration=60&max_duration=120.5",
    "attempts=2",
    "release=1.2",
    "instance=app-1",
    "error=FILE+empty",
    "pinned=1",
)


@pytest.mark.parametrize("query", [*FILTERS, "&".join(FILTERS)])
def test_runs_are_found_by_every_filter_of_the_api_and_the_address_holds_it(admin_client, query):
    wanted = a_run(
        status="failed",
        scheduled_for=NOON - timedelta(minutes=30),
        requested_by="ada",
        attempt=2,
        error="the file is empty",
        pinned=True,
    )
    an_attempt(wanted, number=2, status="failed", release="1.2", instance="app-1", warnings=4)
    other = a_run("weekly", trigger="api", finished_at=NOON - timedelta(days=9), started_at=NOON - timedelta(days=10))
    an_attempt(other, release="1.1", instance="app-2")
    shown = page(admin_client, f"/runs/?{query}")
    assert f'id="run-{wanted.pk}"' in shown
    assert f'id="run-{other.pk}"' not in shown
    assert "4 warnings" in shown
    for part in query.split("&"):
        name, _, value = part.partition("=")
        assert f'name="{name}" value="{value.replace("+", " ")}"' in shown, part


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("status=broken", "status is 'broken'. Write one of: queued, running"),
        ("trigger=x", "trigger is 'x'. Write one of: schedule"),
        ("started_after=noon", "started_after is 'noon'. Write a date and time such as 2026-01-31T16:15."),
        ("finished_before=0001-01-01T00:00", "Write a date and time"),
        ("min_duration=nan", "min_duration is 'nan'. Write a number of seconds such as 90."),
        ("attempts=-1", "attempts is '-1'. Write a whole number such as 2."),
        ("before=x", "before is 'x'. Write the number of a run."),
        ("before=1&moment=x", "moment is 'x'. Write what the page before gave."),
    ],
)
def test_a_filter_that_can_not_be_read_is_named(admin_client, query, sentence):
    answer = admin_client.get(f"/runs/?{query}")
    assert answer.status_code == 400
    assert sentence in answer.content.decode().replace("&#x27;", "'")


def test_older_runs_follow_also_in_the_order_of_a_moment_and_take_few_queries(admin_client, monkeypatch):
    monkeypatch.setattr("jobs.dashboard.runs.SIZE", 2)
    ids = [a_run(finished_at=NOON + timedelta(minutes=place)).pk for place in range(5)]
    path, seen = "/runs/?finished_after=2026-03-14T00:00", []
    while path:
        with CaptureQueriesContext(connection) as queries:
            shown = page(admin_client, path)
        assert len(queries) <= 12, [query["sql"][:80] for query in queries]
        seen += [pk for pk in reversed(ids) if f'id="run-{pk}"' in shown]
        before, has_older, _ = shown.partition('" rel="next">Older')
        path = "/runs/" + before.rpartition('href="')[2].replace("&amp;", "&") if has_older else ""
    assert seen == ids[::-1]


def select(client, **fields):
    return client.post("/runs/select/", {"next": "/runs/"} | fields)


def test_what_was_previewed_is_retried_in_parts_and_what_was_refused_comes_first(admin_client, monkeypatch):
    monkeypatch.setattr(selected, "BATCHES", 1)
    monkeypatch.setattr(selections.apply, "__kwdefaults__", selections.apply.__kwdefaults__ | {"limit": 2})
    failed = [a_run(status="failed").pk for _ in range(2)]
    asks = a_run("weekly", "failed").pk
    a_queued_run(not_before=timezone.now() + timedelta(hours=1))
    path = select(admin_client, act="retry", which="all", show="bad")["Location"]
    later = a_run(status="failed").pk
    shown = page(admin_client, path)
    assert "This acts on 3 runs and no others" in shown
    assert f'id="run-{later}"' not in shown
    admin_client.post(path)
    assert "2 runs of 3 retried." in (shown := page(admin_client, path))
    assert "1 run left." in shown
    admin_client.post(path)
    assert "All were taken: 2 retried." in (shown := page(admin_client, path))
    assert shown.index(f'href="/runs/{asks}/"') < shown.index(f'href="/runs/{failed[0]}/"')
    assert "starts only with its word of confirmation" in shown
    assert sorted(Run.objects.exclude(retry_of=None).values_list("retry_of", flat=True)) == failed
    assert Selection.objects.get().filter == {"show": "bad"}


def test_ticked_runs_are_cancelled_with_a_reason(admin_client):
    waiting, ended = a_queued_run(), a_run()
    path = select(admin_client, act="cancel", run=[waiting.pk, ended.pk, "x"])["Location"]
    assert "This acts on 1 run and no others" in page(admin_client, path)
    for other in ("pause", "nonsense"):
        assert admin_client.post(path.replace("cancel", other)).status_code == 404
    admin_client.post(path, {"reason": "wrong data"})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.cancelled_by) == ("cancelled", "admin")
    select(admin_client, act="retry", run=[])
    assert "No run that you may retry is selected." in page(admin_client, "/runs/")


def test_nobody_acts_on_runs_that_they_may_not_or_on_a_selection_of_somebody_else(admin_client):
    mine, other = a_run(status="failed").pk, a_run("weekly", "failed").pk
    operator = signed_in(a_user("bob", "operator", "nightly"))
    path = select(operator, act="retry", which="all")["Location"]
    assert [*Selection.objects.values_list("members", flat=True)] == [[mine]]
    assert select(operator, act="retry", run=[other])["Location"] == "/runs/"
    assert admin_client.get(path).status_code == 400
    Grant.objects.all().update(verbs=["view"])
    operator.post(path)
    assert "You may not retry nightly." in page(operator, path)
    assert not Run.objects.exclude(retry_of=None).exists()
    assert 'value="retry"' not in page(operator, "/runs/")
