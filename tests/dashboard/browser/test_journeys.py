"""What a person does in a real browser: with a script and without, and nobody is kept out."""

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from jobs.choices import Cause
from jobs.declarations.registry import registry
from jobs.ledger.settle import settle
from jobs.models import Incident, Intervention, Preset, Run
from tests.helpers.rows import NOON, a_pause, a_run, an_attempt, first_seen_at, settled_ticks
from tests.helpers.thorough import THOROUGH

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
# Each theme and each width; `make thorough` looks at each in the other, too.
LOOKS = [("light", 1440), ("dark", 390), *([("dark", 1440), ("light", 390)] if THOROUGH else [])]
HOSTILE = (
    b"<script>alert(1)</script> \x1b[31mred\x1b[0m \xe2\x80\xaegnp.exe\x07 </pre><a href='javascript:alert(2)'>x</a>\n"
)


@pytest.fixture(autouse=True)
def two_jobs(declared):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *", owner="Ada", description="Clears sessions.")
    declared("weekly", command="clearsessions", schedule="0 0 3 * * MON", confirm="yes")


@pytest.mark.parametrize("script", [True, False])
def test_a_person_signs_in_finds_a_failure_runs_a_job_and_pauses_it_with_a_reason(visitor, admin_user, script):
    failed = a_run(status="failed", error="the file is empty")
    an_attempt(failed, written=[HOSTILE])
    page = visitor(script=script)
    page.goto("/runs/")
    page.fill("[name=username]", admin_user.username)
    page.fill("[name=password]", "password")
    page.click("button.primary")
    assert page.url.endswith("/runs/")

    settled_ticks()
    page.goto("/")
    assert "1 of 2 jobs" in page.inner_text("h1")
    page.click(f"a[href='/runs/{failed.pk}/']")
    assert "the file is empty" in page.inner_text("main")
    shown = page.inner_text("#lines")
    assert "<script>alert(1)</script>" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", shown)

    page.goto("/jobs/?q=ada")
    assert page.locator("tbody tr").count() == 1
    page.click(".jobs button[name=run]")
    page.wait_for_selector("#status:has-text('is queued')")
    run = Run.objects.latest("pk")
    assert (run.job, run.requested_by, run.status) == ("nightly", admin_user.username, "queued")
    page.goto(f"/runs/{run.pk}/")
    page.click("text=Cancel")
    page.wait_for_selector("#status:has-text('is cancelled')")

    page.goto("/jobs/nightly/pause/")
    page.fill("#reason", "stocktaking")
    page.press("#reason", "Enter")
    page.wait_for_selector("#status:has-text('nightly is paused')")
    assert Intervention.objects.get().reason == "stocktaking"


def test_jobs_are_filtered_while_one_types_and_keys_lead_to_pages(visitor, admin_user):
    page = visitor(admin_user)
    page.goto("/")
    page.keyboard.press("g")
    page.keyboard.press("j")
    page.wait_for_url("**/jobs/")
    page.goto("/")
    page.keyboard.press("/")
    page.wait_for_url("**/jobs/#q")
    page.keyboard.type("weekly")
    page.wait_for_selector("table.jobs:not(:has-text('nightly'))")
    assert "weekly" in page.inner_text("table.jobs")
    page.goto("/runs/")
    page.click("summary:has-text('admin')")
    page.click("button[name=keys][value=off]")
    page.wait_for_selector("html[data-keys=off]", state="attached")
    for key in "gj/":
        page.keyboard.press(key)
    assert page.url.endswith("/runs/"), "keys that are turned off lead nowhere"


@pytest.fixture
def paused(declared, monkeypatch):
    """A job of each minute that was paused for ten of them: a gap says so."""
    first_seen_at(monkeypatch, NOON)
    declared("often", command="succeeds", schedule="0 * * * * *", start_deadline="never")
    settle([registry["often"]], NOON)
    a_pause("often", began_at=NOON + timedelta(minutes=10), until=NOON + timedelta(minutes=20), reason="stocktaking")
    settle([registry["often"]], NOON + timedelta(minutes=38))


def test_without_script_jobs_and_runs_are_found_by_a_form_and_a_choice_stays(visitor, admin_user):
    a_run(status="failed", error="the file is empty")
    a_run("weekly")
    page = visitor(admin_user, script=False)
    page.goto("/jobs/")
    page.fill("#q", "ada")
    page.press("#q", "Enter")
    assert page.url.endswith("/jobs/?q=ada")
    assert page.locator(".jobs tbody tr").count() == 1
    page.goto("/runs/")
    page.fill("[name=error]", "empty")
    page.press("[name=error]", "Enter")
    assert page.locator(".runs tbody tr").count() == 1
    page.click("summary:has-text('admin')")
    page.click("button[value=dark]")
    page.goto("/jobs/")
    assert page.get_attribute("html", "data-theme") == "dark"


@pytest.mark.parametrize("script", [True, False])
def test_a_person_reads_why_a_run_was_skipped_and_repairs_the_gap(visitor, admin_user, paused, script):
    page = visitor(admin_user, script=script)
    page.goto("/jobs/often/")
    row = page.locator("table.entries tr", has_text="the job was paused (ada)")
    row.get_by_text("Why?").click()
    page.wait_for_selector(".answer:has-text('It was skipped: the job was paused by ada: stocktaking.')")
    page.fill("#at", "2026-03-14T12:05:20")
    page.press("#at", "Enter")
    page.wait_for_selector(".answer:has-text('a later occurrence ran instead')")
    page.goto("/jobs/often/ledger/?show=skipped")
    page.click("text=Run…")
    page.wait_for_selector("h2:has-text('10 occurrences had no run')")
    assert not Run.objects.filter(trigger="repair").exists()
    page.fill("#note", "counted by now")
    page.click("button:has-text('Run 10 occurrences')")
    page.wait_for_selector("#status:has-text('are queued, one after another')")
    assert Run.objects.filter(trigger="repair", requested_by=admin_user.username).count() == 10


@pytest.mark.parametrize("script", [True, False])
def test_whoever_is_woken_goes_from_the_overview_to_the_incident_and_works_on_it(visitor, admin_user, script):
    run = a_run(status="failed", error="the file is empty")
    an_attempt(run, status="failed", written=[b"read\nE: the file is empty\n"])
    incident = Incident.objects.create(
        job="nightly", cause=Cause.FAILED, detail="A run failed.", first_run_id=run.pk, last_run_id=run.pk
    )
    page = visitor(admin_user, script=script)
    page.goto("/")
    page.click(f"text=Incident {incident.pk}")
    assert "E: the file is empty" in page.inner_text("#lines")
    page.fill("#note", "I call the provider.")
    page.click("text=I work on it")
    page.wait_for_selector(f"#status:has-text('You work on incident {incident.pk}.')")
    page.click("text=Until 08:00")
    page.wait_for_selector("#status:has-text('Nothing is sent about incident')")
    page.fill("#note", "It is back.")
    page.click("text=Resolve")
    page.wait_for_selector("#status:has-text('is resolved')")
    incident.refresh_from_db()
    assert (incident.acknowledged_note, incident.resolution) == ("I call the provider.", "by_hand")
    assert incident.snoozed_until > incident.resolved_at


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_nobody_is_kept_out(visitor, admin_user, paused, theme, width):
    an_attempt(a_run(), written=[b"line\n" * 50])
    run = a_run(status="failed", error="the file is empty")
    an_attempt(
        run, status="failed", written=[b"line\n" * 50, (b"Traceback (most recent call last):\n  x\nE: y\n", [0, 45])]
    )
    Preset.objects.create(job="nightly", name="loud", words=["--verbosity", "2"], by=admin_user.username)
    incident = Incident.objects.create(job="nightly", cause=Cause.FAILED, first_run_id=run.pk, last_run_id=run.pk)
    stranger = visitor(width=width, theme=theme)
    stranger.goto("/sign-in/")
    check(stranger, "/sign-in/")
    page = visitor(admin_user, width=width, theme=theme)
    for path in (
        "/",
        "/incidents/",
        f"/incidents/{incident.pk}/",
        "/jobs/",
        "/jobs/nightly/",
        "/jobs/weekly/",
        "/jobs/often/",
        "/jobs/often/ledger/?show=wrong",
        "/jobs/often/ledger/?hour=5-13",
        "/jobs/often/why/?at=2026-03-14T12:15",
        "/jobs/often/missed/?after=2026-03-14T12:00&before=2026-03-14T13:00",
        "/jobs/often/override/",
        "/jobs/nightly/pause/",
        "/jobs/nightly/rules/?rule=failed(in_a_row=1)",
        "/jobs/nightly/run/",
        "/runs/",
        "/runs/?status=failed&min_duration=1",
        f"/runs/{run.pk}/",
        "/calendar/",
        "/holes/?hours=720",
        f"/runs/{run.pk}/retry/",
        f"/runs/{run.pk}/output/",
        f"/runs/{run.pk}/output/?find=line",
        f"/runs/{run.pk}/compare/",
        "/handover/",
        "/hold/",
        "/access/?job=nightly",
        "/audit/",
    ):
        page.goto(path)
        check(page, path)
    page.goto("/jobs/")
    for tick in page.locator("input[name=job]").all():
        tick.check()
    page.click("button[value=run]")
    check(page, "the preview of selected jobs")
    page.goto("/runs/?show=bad")
    page.check("text=all that the filter finds")
    page.click("button[value=retry]")
    check(page, "the preview of selected runs")


# The controls of a page that lie on each other, by their names.
ONE_ON_ANOTHER = """() => {
    const shown = (each) => each.checkVisibility() && each.getBoundingClientRect().width > 1;
    const all = [...document.querySelectorAll("main :is(input, select, textarea, button)")].filter(shown);
    const name = (each) => each.name || each.textContent;
    const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    const pairs = all.flatMap((one, place) => all.slice(place + 1).map((other) => [one, other]));
    const places = (pair) => pair.map((each) => each.getBoundingClientRect());
    return pairs.filter((pair) => meet(...places(pair))).map((pair) => pair.map(name));
}"""


def check(page, path):
    found = Axe().run(page)
    assert found.violations_count == 0, f"{path}: {found.generate_report()}"
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{path} is {wide} px wider than the window"
    assert page.evaluate(ONE_ON_ANOTHER) == [], f"{path}: what is filled in or pressed lies on something else"


def test_on_a_phone_a_schedule_stands_below_the_name_of_its_job(visitor, admin_user):
    page = visitor(admin_user, width=390)
    page.goto("/jobs/")
    name, schedule, left = page.evaluate(
        """() => {
            const label = document.querySelector(".jobs label"), words = document.createRange();
            words.selectNodeContents(label.lastChild);
            const [name, schedule] = [label.querySelector("a"), words].map((each) => each.getBoundingClientRect());
            return [name.bottom, schedule.top, schedule.left - name.left];
        }"""
    )
    assert schedule >= name - 4, "at most the line's spacing is shared"
    assert abs(left) < 2
