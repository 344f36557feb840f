"""Each filter of the list of runs, in pages, and for those who may not see all jobs."""

from datetime import timedelta

import pytest

from jobs.reading import keyset
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import NOON, a_queued_run, a_run, an_attempt

HOUR = timedelta(hours=1)


@pytest.fixture
def ledger(db, declared):
    """By name, so that what a filter chooses can be read."""
    declared("fetch", command="succeeds", labels=["billing"])
    declared("load", command="succeeds")
    runs = {
        "early": a_run("fetch", trigger="schedule", scheduled_for=NOON - HOUR, finished_at=NOON - HOUR, pinned=True),
        "late": a_run("load", trigger="catch_up", scheduled_for=NOON - 3 * HOUR, finished_at=NOON),
        "slow": a_run("fetch", started_at=NOON - HOUR, requested_by="ada", attempt=3),
        "failed": a_run("load", "failed", error="Quota exceeded for 100% of it", finished_at=NOON + HOUR),
        "waits": a_queued_run("load", requested_by="bob", scheduled_for=NOON + 9 * HOUR),
    }
    an_attempt(runs["slow"], 1, release="1.1", instance="one")
    an_attempt(runs["slow"], 2, release="1.2", instance="two")
    an_attempt(runs["failed"], release="1.1", instance="two")
    return {run.pk: name for name, run in runs.items()}


def names(get, ledger, query):
    """What all pages of the list have, read by the smallest of pages."""
    found, page = [], f"/api/v1/runs/?page_size=1&{query}"
    while page:
        answer = get(page)
        found += [ledger[run["id"]] for run in answer["results"]]
        page = answer["next"]
    return " ".join(found)


CHOICES = {
    "": "waits failed slow late early",
    "job=fetch": "slow early",
    "job=fetch&job=load&status=failed&status=queued": "waits failed",
    "label=billing": "slow early",
    "label=payroll": "",
    "label=billing&job=load": "",
    "status=succeeded": "slow late early",
    "status=queued": "waits",
    "trigger=catch_up": "late",
    "trigger=schedule": "early",
    "requested_by=ada": "slow",
    "requested_by=bob": "waits",
    "scheduled_after=2026-03-14T11:00:00Z": "waits early",
    "scheduled_before=2026-03-14T11:00:00Z": "late",
    "job=load&scheduled_after=2026-03-14T00:00:00Z": "waits late",
    "started_after=2026-03-14T11:30:00Z": "failed late",
    "started_before=2026-03-14T11:00:00Z": "early",
    "finished_after=2026-03-14T11:00:00Z&finished_before=2026-03-14T13:00:00Z": "slow late early",
    "min_duration=100": "slow",
    "max_duration=100": "failed late early",
    "attempts=2": "slow",
    "pinned=true": "early",
    "pinned=false&job=fetch": "slow",
    "release=1.1": "failed slow",
    "release=1.1&job=load": "failed",
    "instance=two": "failed slow",
    "instance=one&status=failed": "",
    "error=quota": "failed",
    "error=100%25+EXCEEDED": "failed",
    "error=1_0": "",
}


@pytest.mark.parametrize("window", [2, 10_000])
def test_a_filter_chooses_runs_and_its_pages_have_each_once(get, ledger, monkeypatch, window):
    monkeypatch.setattr(keyset, "WINDOW", window)
    assert {query: names(get, ledger, query) for query in CHOICES} == CHOICES


def test_only_runs_of_jobs_that_one_may_see_are_listed(ledger):
    viewer = signed_in(a_user("vera", "viewer", "load"))

    def get(path):
        return viewer.get(path).json()

    assert names(get, ledger, "") == "waits failed late"
    assert names(get, ledger, "job=fetch") == ""
    assert names(get, ledger, "status=succeeded&status=failed") == "failed late"
    assert names(get, ledger, "requested_by=ada") == ""
    assert names(get, ledger, "scheduled_after=2026-03-14T00:00:00Z") == "waits late"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("cursor=abc", "cursor"),
        ("cursor=LTE=", "cursor"),
        ("staus=failed", "staus"),
        ("started_after=yesterday", "started_after"),
        ("min_duration=-1", "min_duration"),
        ("error=", "error"),
    ],
)
def test_what_cant_be_read_is_refused_at_its_parameter(get, db, query, field):
    assert list(get(f"/api/v1/runs/?{query}", 400)["errors"]) == [field]
