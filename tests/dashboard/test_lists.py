"""The lists of jobs and runs, and what can be done from them."""

import pytest

from jobs.dashboard.refs import named, ref
from jobs.models import Intervention, Run
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def two_jobs(declared):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *", owner="Ada", labels="billing")
    declared("weekly", command="clearsessions", schedule="0 0 3 * * MON", confirm="yes")


def test_jobs_are_found_by_any_word_and_narrowed_by_how_they_stand(admin_client):
    failed = a_run(status="failed")
    assert f"<b class=failed><a href=../runs/{failed.pk}/>failed</a></b>" in page(admin_client, "/jobs/")
    for query in ("?q=ada+03:00", "?q=billing&group=label", "?show=failing&sort=next"):
        found = page(admin_client, f"/jobs/{query}")
        assert ">nightly</a>" in found, query
        assert ">weekly</a>" not in found, query
    assert "No job matches" in page(admin_client, "/jobs/?q=nothing-has-this")


def test_a_job_is_started_paused_and_resumed_from_the_pages(admin_client):
    admin_client.post("/do/", {"run": "nightly", "next": "/jobs/"})
    run = Run.objects.get()
    assert (run.job, run.requested_by) == ("nightly", "admin")
    assert f"Run {run.pk} of nightly is queued." in page(admin_client, "/jobs/")
    admin_client.post("/jobs/nightly/pause/", {"reason": "stocktaking", "length": "1h"})
    assert "nightly is paused for an hour." in page(admin_client, "/jobs/nightly/")
    admin_client.post("/do/", {"resume": "nightly"})
    assert "nightly is resumed." in page(admin_client, "/")
    admin_client.post("/jobs/nightly/pause/", {"length": "1h"})
    assert "Say why nightly is paused" in page(admin_client, "/jobs/nightly/")


def test_a_job_that_asks_for_a_word_starts_only_with_it(admin_client):
    admin_client.post("/do/", {"run": "weekly"})
    assert not Run.objects.exists()
    admin_client.post("/do/", {"run": "weekly", "confirm": "yes"})
    assert Run.objects.get().job == "weekly"


def test_only_the_jobs_that_were_shown_are_paused_and_the_others_left(admin_client, declared):
    shown = admin_client.post("/jobs-selected/", {"act": "pause", "which": "all", "q": "billing"}).content.decode()
    token = shown.partition('name="token" value="')[2].partition('"')[0]
    declared("later", command="clearsessions", labels="billing")
    admin_client.post("/jobs/nightly/pause/", {"reason": "mine", "length": "1h"})
    done = admin_client.post("/jobs-selected/do/", {"act": "pause", "token": token, "reason": "moving", "length": "1d"})
    assert "0 jobs paused" in done.content.decode()
    assert "is paused already, by admin: mine" in done.content.decode()
    assert [*Intervention.objects.values_list("job", "reason")] == [("nightly", "mine")]

    ticked = {"act": "resume", "job": [ref("nightly"), ref("weekly"), "unheard_of"]}
    shown = admin_client.post("/jobs-selected/", ticked).content.decode()
    assert "Only these 2 jobs are meant" in shown
    token = shown.partition('name="token" value="')[2].partition('"')[0]
    done = admin_client.post("/jobs-selected/do/", {"act": "resume", "token": token}).content.decode()
    assert "1 job resumed" in done
    assert "&#x27;weekly&#x27; is not paused" in done
    admin_client.post("/jobs-selected/", {"act": "pause"})
    assert "No job that you may pause is ticked" in page(admin_client, "/jobs/")


def test_a_click_on_a_row_runs_a_job_once_and_one_that_needs_arguments_leads_to_its_form(admin_client, declared):
    listed = page(admin_client, "/jobs/")
    assert f"<button name=run value={ref('nightly')}>Run</button>" in listed
    assert "<a href=weekly/run/>Run…</a>" in listed
    declared("picky", command="sleeps")
    key = listed.partition('name="key" value="')[2].partition('"')[0]
    for _ in range(2):
        admin_client.post("/do/", {"run": ref("nightly"), "key": key, "next": "/jobs/"})
    run = Run.objects.get()
    assert f'It was started already, and is queued. <a href="/runs/{run.pk}/">See it</a>' in page(
        admin_client, "/jobs/"
    )
    answer = admin_client.post("/do/", {"run": "picky", "key": key})
    assert answer["Location"] == "/jobs/picky/run/"
    shown = page(admin_client, "/jobs/picky/run/")
    assert "picky was not started. It needs other arguments: the following arguments are required" in shown
    assert not Run.objects.filter(job="picky").exists()


def test_pause_in_a_row_leads_to_the_form_that_asks_why_and_resume_acts_at_once(admin_client):
    assert f"<button name=pause value={ref('nightly')}>Pause…</button>" in page(admin_client, "/jobs/")
    assert admin_client.post("/do/", {"pause": ref("nightly")})["Location"] == "/jobs/nightly/pause/"
    admin_client.post("/jobs/nightly/pause/", {"reason": "moving", "length": "1h"})
    assert f"<button name=resume value={ref('nightly')}>Resume</button>" in page(admin_client, "/jobs/")
    admin_client.post("/do/", {"resume": ref("nightly"), "next": "/jobs/"})
    assert "nightly is resumed." in page(admin_client, "/jobs/")
    viewer = signed_in(a_user("vera", "viewer", "*"))
    assert viewer.post("/do/", {"pause": ref("nightly")}).status_code == 403
    assert admin_client.post("/do/", {"pause": "aaaaaaa"}, follow=True).status_code == 404


def test_two_jobs_with_the_same_letters_in_a_row_are_never_mixed_up(monkeypatch):
    monkeypatch.setattr("jobs.dashboard.refs.ref", lambda name: name[:1])
    assert named("n", ["nightly", "noon", "weekly"]) == "n"
    assert named("w", ["nightly", "noon", "weekly"]) == "weekly"
    assert named("noon", ["nightly", "noon", "weekly"]) == "noon"


def test_selected_jobs_are_run_once_and_those_that_cannot_be_are_named(admin_client, declared):
    declared("picky", command="sleeps")
    declared("hourly", command="clearsessions", schedule="0 0 * * * *")
    active = a_run("hourly", status="running")
    ticked = {"act": "run", "job": ["nightly", "weekly", "picky", "hourly"]}
    shown = admin_client.post("/jobs-selected/", ticked).content.decode()
    assert "Only these 2 jobs are meant" in shown
    assert "It asks for its word of confirmation: run it by itself." in shown
    assert "It needs other arguments: the following arguments are required" in shown
    assert Run.objects.count() == 1
    token = shown.partition('name="token" value="')[2].partition('"')[0]
    declared("later", command="clearsessions")
    done = admin_client.post("/jobs-selected/do/", {"act": "run", "token": token}).content.decode()
    assert "1 job started" in done
    assert "was skipped." in done
    assert {run.job: run.status for run in Run.objects.exclude(pk=active.pk)} == {
        "nightly": "queued",
        "hourly": "skipped",
    }
    viewer = signed_in(a_user("vera", "viewer", "*"))
    viewer.post("/jobs-selected/", {"act": "run", "job": "nightly", "next": "/jobs/"})
    assert "nightly: You may not run nightly." in page(viewer, "/jobs/")


def test_runs_are_listed_by_job_and_status_and_paged_by_key(admin_client, monkeypatch):
    monkeypatch.setattr("jobs.dashboard.runs.SIZE", 2)
    old, *_, new = [a_run(error="the file is empty", status="failed").pk for _ in range(3)]
    ok = a_run("weekly").pk
    for query in ("?job=nightly", "?show=bad", "?status=failed"):
        found = page(admin_client, f"/runs/{query}")
        assert f"/runs/{new}/" in found, query
        assert f"/runs/{ok}/" not in found, query
        assert f"/runs/{old}/" not in found, query
    assert f"/runs/{old}/" in page(admin_client, f"/runs/?show=bad&before={new - 1}")
    assert "the file is empty" in page(admin_client, f"/runs/{old}/")
    assert admin_client.get("/runs/4711/").status_code == 404
    assert admin_client.get("/jobs/unheard_of/").status_code == 404
