"""What is read beside jobs and runs: the feed, the audit, what comes, what became of it, and why."""

from datetime import timedelta

import pytest

from jobs.api import occurrences
from jobs.choices import Door, EventKind
from jobs.declarations.registry import registry
from jobs.ledger import events, interventions
from jobs.models import Gap
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import NOON, a_run, an_attempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def nightly(declared):
    declared("nightly", command="succeeds", schedule="0 0 12 * * *", labels=["billing"], owner="ops")
    declared("hourly", command="succeeds", schedule="0 0 * * * *")


def record(kind, job, by="ada", **fields):
    with events.coming_from(Door.API, "192.0.2.7", "ci"):
        events.record(kind, f"{by} did it", job=job, by=by, **fields)


def test_the_feed_is_read_on_from_where_one_was(get, nightly):
    record(EventKind.PAUSED, "nightly", reason="release")
    start = get("/api/v1/events/")
    assert start["results"] == []
    record(EventKind.RESUMED, "nightly")
    record(EventKind.PAUSED, "hourly")
    page = get(f"/api/v1/events/?after={start['next']}&limit=1")
    assert [(event["kind"], event["job"]) for event in page["results"]] == [("resumed", "nightly")]
    page = get(f"/api/v1/events/?after={page['next']}")
    assert [(event["kind"], event["job"]) for event in page["results"]] == [("paused", "hourly")]
    assert get(f"/api/v1/events/?after={page['next']}") == {"next": page["next"], "results": []}


def test_the_feed_has_what_one_may_see_and_goes_on(nightly):
    record(EventKind.PAUSED, "nightly")
    record(EventKind.PAUSED, "hourly")
    record(EventKind.GRANTED, "nightly")
    vera = signed_in(a_user("vera", "viewer", "nightly"))
    page = vera.get("/api/v1/events/?after=0").json()
    assert [(event["kind"], event["job"]) for event in page["results"]] == [("paused", "nightly")]
    assert vera.get(f"/api/v1/events/?after={page['next']}").json()["results"] == []
    assert vera.get("/api/v1/audit/").status_code == 403


def test_the_audit_says_who_did_what_from_where(get, nightly):
    record(EventKind.PAUSED, "nightly", after={"until": None})
    record(EventKind.STARTED, "hourly", by="bob")
    events.record(EventKind.CLOCK_AHEAD, "by itself")
    [bob, ada] = get("/api/v1/audit/")["results"]
    assert (bob["by"], ada["by"], ada["door"], ada["address"], ada["token"]) == ("bob", "ada", "api", "192.0.2.7", "ci")
    assert ada["after"] == {"until": None}
    for query in ("by=ada", "job=nightly", "kind=paused", "by=ada&kind=paused"):
        assert [event["by"] for event in get(f"/api/v1/audit/?{query}")["results"]] == ["ada"], query
    first = get("/api/v1/audit/?page_size=1")
    assert [event["by"] for event in get(first["next"])["results"]] == ["ada"]


def test_what_comes_next_is_told_of_all_jobs(get, nightly):
    rows = {row["job"]: row for row in get("/api/v1/upcoming/?hours=48")["results"][::-1]}
    assert (rows["nightly"]["times"], rows["hourly"]["times"]) == (1, 48)
    assert [row["job"] for row in get("/api/v1/upcoming/?label=billing")["results"]] == ["nightly"]


def test_the_ledger_of_a_window_has_runs_and_gaps(get, nightly):
    run = a_run(scheduled_for=NOON)
    days = {"first": NOON - timedelta(days=3), "last": NOON - timedelta(days=1), "count": 3}
    Gap.objects.create(job="nightly", fate="missed", reason="too_late", **days)
    found = get("/api/v1/jobs/nightly/ledger/?after=2026-03-01T00:00:00Z&before=2026-03-20T00:00:00Z")
    assert ([each["id"] for each in found["runs"]], found["complete"]) == ([run.pk], True)
    assert [(gap["count"], gap["reason"]) for gap in found["gaps"]] == [(3, "too_late")]
    assert "before" in get("/api/v1/jobs/nightly/ledger/?after=2026-03-01T00:00:00Z", 400)["errors"]


def test_a_ledger_with_too_many_gaps_has_the_newest(get, nightly, monkeypatch):
    monkeypatch.setattr(occurrences, "MOST", 2)
    moments = [NOON - timedelta(days=days) for days in (3, 2, 1)]
    for moment in moments:
        Gap.objects.create(job="nightly", fate="missed", reason="too_late", first=moment, last=moment, count=1)
    found = get("/api/v1/jobs/nightly/ledger/?after=2026-03-01T00:00:00Z&before=2026-03-20T00:00:00Z")
    assert ([gap["first"][:10] for gap in found["gaps"]], found["complete"]) == (["2026-03-12", "2026-03-13"], False)


def test_an_occurrence_is_explained(get, nightly):
    run = a_run(scheduled_for=NOON, trigger="schedule")
    found = get("/api/v1/jobs/nightly/explain/?at=2026-03-14T12:00:00Z")
    assert (found["occurrence"], found["run"]) == ("2026-03-14T12:00:00Z", run.pk)
    assert found["sentences"]


def test_drift_is_listed(get, nightly, monkeypatch):
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "1")
    [difference] = get("/api/v1/drift/")["results"]
    assert (difference["job"], difference["now"]) == ("nightly", "disabled")


def test_jobs_are_found_by_label_owner_state_and_words(get, nightly):
    a_run("hourly", "failed")
    for query, found in {
        "label=billing": ["nightly"],
        "owner=ops": ["nightly"],
        "state=failed": ["hourly"],
        "state=never_ran": ["nightly"],
        "search=OPS+night": ["nightly"],
        "search=ops+hour": [],
        "page_size=1&page=2": ["hourly"],
    }.items():
        assert [job["name"] for job in get(f"/api/v1/jobs/?{query}")["results"]] == found, query


def test_jobs_are_found_by_what_is_in_force_of_them(get, nightly, monkeypatch):
    interventions.pause(registry["nightly"], by="ada", reason="stocktaking")
    change = {"schedule": "0 0 5 * * *", "time_zone": "", "arguments": []}
    interventions.override(registry["hourly"], **change, by="ada", reason="moving")
    monkeypatch.setenv("AzureWebJobs.hourly.Disabled", "1")
    found = {
        state: [job["name"] for job in get(f"/api/v1/jobs/?state={state}")["results"]]
        for state in ("paused", "overridden", "disabled", "never_ran", "running")
    }
    assert found == {
        "paused": ["nightly"],
        "overridden": ["hourly"],
        "disabled": ["hourly"],
        "never_ran": ["nightly", "hourly"],
        "running": [],
    }


def test_output_is_read_on_piece_by_piece(get, declared):
    declared("nightly", command="succeeds")
    run = a_run()
    an_attempt(run, written=[b"one\n", (b"two\n", [0, 4])])
    first = get(f"/api/v1/runs/{run.pk}/output/pieces/?limit=4")
    assert (first["text"], first["stderr"], first["complete"]) == ("one\n", [], False)
    second = get(f"/api/v1/runs/{run.pk}/output/pieces/?after={first['next']}")
    assert (second["text"], second["stderr"], second["complete"], second["retry_after"]) == (
        "two\n",
        [[0, 4]],
        True,
        None,
    )
    assert get(f"/api/v1/runs/{run.pk}/output/pieces/?tail=4")["text"] == "two\n"
    assert get(f"/api/v1/runs/{run.pk}/output/pieces/?before={second['before']}")["text"] == "one\n"
    assert get(f"/api/v1/runs/{run.pk}/output/pieces/?after=x", 400)["type"].endswith("unreadable-cursor")
