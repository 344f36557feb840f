"""What a person sees first: what to do, the day plan, the week, and what had no run."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from jobs.choices import Fate, Reason
from jobs.ledger import states
from jobs.models import Gap, JobDay
from jobs.reading import load
from jobs.reading.board import standings
from jobs.reading.holes import Found, Hole, grouped, holes
from tests.helpers.moments import ago, at
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import a_pause, a_run, settled_ticks

pytestmark = pytest.mark.django_db


def a_gap(job="nightly", first="02:00", last=None, count=1, reason=Reason.TOO_LATE, **fields):
    first = at(first)
    fate = Fate.MISSED if reason in {Reason.TOO_LATE, Reason.SUPERSEDED} else Fate.SKIPPED
    return Gap.objects.create(
        job=job, first=first, last=at(last) if last else first, count=count, fate=fate, reason=reason, **fields
    )


def usually(job, seconds, runs=20):
    """Runs of the job usually take so long."""
    bucket = next(bucket for bucket in range(-80, 200) if 1.1**bucket >= seconds)
    JobDay.objects.create(job=job, day=states.clock().date(), trigger="schedule", duration={str(bucket): runs})


def busy(names, begin, hours=24):
    return load.busy(standings(names, begin), begin, timedelta(hours=hours))


def test_the_load_follows_schedules_usual_durations_and_pauses(declared):
    declared("long", command="clearsessions", schedule="0 30 23 * * *")
    declared("often", command="clearsessions", schedule="0 */15 * * * *")
    declared("paused", command="clearsessions", schedule="0 0 * * * *")
    usually("long", 3600)
    a_pause("paused")
    begin = states.clock().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2)
    found = {each.job.name: each for each in busy(["long", "often", "paused"], begin)}
    assert found["long"].starts == [-30, 1410]
    assert len(found["often"].starts) == 96
    assert (len(found["paused"].starts), len(found["paused"].skipped)) == (0, 24)
    loads = load.at_work(found.values(), 1440)
    assert [loads[minute] for minute in (0, 1, 15, 45, 1411, 1425)] == [2, 1, 2, 1, 1, 2]
    assert load.crowds([0, 3, 5, 2, 3], 2) == [load.Crowd(1, 3, 5), load.Crowd(4, 5, 3)]
    assert load.quiet([0, 0, 1, 0, 0, 0], 2) == [(3, 6), (0, 2)]


def test_one_outage_is_one_hole_and_what_people_ordered_is_told_apart(declared):
    def gap(job, first, until, reason, by="", count=1):
        return Found(job, at(first), at(first), at(until), count, "missed", reason, by, "")

    groups = grouped(
        [
            gap("nightly", "02:10", "02:47", Reason.TOO_LATE, count=3),
            gap("weekly", "02:45", "02:47", Reason.SUPERSEDED),
            gap("weekly", "09:00", "09:10", Reason.TOO_LATE),
            gap("nightly", "02:20", "02:20", Reason.PAUSED, by="ada"),
            gap("weekly", "02:30", "02:30", Reason.PAUSED, by="ada"),
            gap("nightly", "05:00", "05:00", Reason.OVERLAP),
            gap("weekly", "05:00", "05:00", Reason.OVERLAP),
        ]
    )
    told = {(hole.cause, hole.extent, hole.first, hole.until) for hole in (Hole(gaps=gaps) for gaps in groups)}
    assert told == {
        ("Not running", "4 occurrences of 2 jobs", at("02:10"), at("02:47")),
        ("Not running", "1 occurrence of 1 job", at("09:00"), at("09:10")),
        ("Paused by ada", "2 occurrences of 2 jobs", at("02:20"), at("02:30")),
        ("Another run was in the way", "1 occurrence of 1 job", at("05:00"), at("05:00")),
    }


def test_a_hole_reaches_into_a_window_and_counts_what_ran_late():
    a_gap(first="01:00", last="04:00", count=4, recorded_at=at("04:20"))
    a_gap(first="09:00")
    a_gap("of_others", first="03:00")
    a_run(trigger="catch_up", scheduled_for=at("04:15"))
    [hole], is_capped = holes(["nightly"], at("03:00"), at("08:00"))
    assert (hole.first, hole.until, hole.count, hole.caught_up, is_capped) == (at("01:00"), at("04:20"), 4, 1, False)


def test_an_outage_of_many_jobs_is_listed_in_part_and_has_a_page_of_its_own_with_all(admin_client, declared):
    earlier = states.clock() - timedelta(hours=1)
    fields = {"first": earlier, "last": earlier, "count": 1}
    for number in range(30):
        declared(f"job_{number:02}", command="succeeds", schedule="0 0 3 * * *")
        Gap.objects.create(job=f"job_{number:02}", fate="missed", reason=Reason.TOO_LATE, **fields)
        # And as many holes by as many causes.
        Gap.objects.create(job="job_00", fate="skipped", reason=Reason.PAUSED, by=f"person {number}", **fields)
    shown = page(admin_client, "/holes/")
    assert shown.count('class="card hole"') == 25
    assert ">And 15 jobs more</a>" in shown
    [address] = re.findall(r'<a href="([^"]*)">And 15', shown)
    whole = page(admin_client, f"/holes/{unescape(address)}")
    assert whole.count("Run what was missed") == 30
    assert "In the last 24 hours 30 occurrences of 30 jobs had no run." in whole
    assert page(admin_client, "/holes/?page=2").count('class="card hole"') == 6


def test_holes_lead_to_the_way_to_run_them_for_those_who_may(declared, admin_client):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *", labels="billing")
    now = states.clock()
    Gap.objects.create(
        job="nightly", first=now - timedelta(hours=2), last=now, count=2, fate="missed", reason=Reason.TOO_LATE
    )
    shown = page(admin_client, "/holes/")
    assert "In the last 24 hours 2 occurrences of 1 job had no run." in shown
    assert "Run what was missed" in shown
    assert "No holes in the last 24 hours" in page(admin_client, "/holes/?show=skipped")
    viewer = signed_in(a_user("vera", "viewer"))
    assert "Run what was missed" not in page(viewer, "/holes/?hours=168&job=nightly")
    stranger = signed_in(a_user("otto", "operator", "label:payroll"))
    assert "No holes" in page(stranger, "/holes/")
    assert stranger.get("/holes/?job=nightly").status_code == 404


def test_a_person_reads_what_was_since_the_last_visit(declared, admin_client, monkeypatch):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    assert "Since you were here" not in page(admin_client, "/")
    now = datetime.now(UTC)
    monkeypatch.setattr("jobs.dashboard.visits.timezone.now", lambda: now + timedelta(hours=1))
    a_run(status="failed", finished_at=now + timedelta(minutes=5))
    a_run(finished_at=now + timedelta(minutes=5))
    a_run(finished_at=ago(days=1))
    for _ in range(2):
        shown = page(admin_client, "/")
        assert "<b>2</b> runs ended" in shown
        assert "<b>1</b> failed" in shown
    admin_client.cookies["nightshift_visit"] = "1 2"
    assert "Since you were here" not in page(admin_client, "/")


def test_what_to_do_leads_on(declared, admin_client):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    declared("hourly", command="clearsessions", schedule="0 0 * * * *")
    settled_ticks()
    assert "Run it…" in page(admin_client, "/")
    a_pause("nightly", began_at=ago(days=8), reason="stocktaking")
    a_run("hourly", status="failed")
    shown = page(admin_client, "/")
    assert "1 of 2 jobs are as they should be." in shown
    assert "Paused 8 d ago by admin" not in shown
    assert "Paused 8 d ago by ada (stocktaking), without an end." in shown
    assert "Resume…" in shown


def test_a_new_installation_says_how_to_declare_the_first_job(admin_client):
    settled_ticks()
    shown = page(admin_client, "/")
    assert "No job is declared yet." in shown
    assert "declare(&quot;clearsessions&quot;" in shown or 'declare("clearsessions"' in shown


def test_the_week_shows_collisions_and_quiet_hours(declared, admin_client, monkeypatch):
    for number in range(6):
        declared(f"job_{number}", command="clearsessions", schedule="0 0 3 * * *")
    shown = page(admin_client, "/calendar/?from=2026-03-28")
    assert "6 at work at once" in shown
    assert "job_5" in shown
    assert "job_5" in page(admin_client, "/calendar/?hour=nonsense&from=2026-13-77")
    hour = shown.partition("hour=")[2].partition("#")[0]
    assert ":00" in page(admin_client, f"/calendar/?from=2026-03-28&hour={hour}").partition('id="hour"')[2]
