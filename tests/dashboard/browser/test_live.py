"""Live parts in a real browser: what is asked for, and what isn't; output that is followed; many runs at once."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from jobs.choices import Status
from jobs.models import Output, Run
from tests.helpers.rows import a_claimed_run, a_run, an_attempt

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
HOUR = 3_600_000
IS_AT_END = """(() => {
  const bottom = (selector) => document.querySelector(selector).getBoundingClientRect().bottom;
  return bottom("#lines li:last-child") <= bottom("#lines") + 1;
})()"""


@pytest.fixture(autouse=True)
def nightly(declared):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")


def write(attempt, *lines):
    number = Output.objects.filter(attempt=attempt).count()
    before = sum(
        bytes(body).count(b"\n") for body in Output.objects.filter(attempt=attempt).values_list("body", flat=True)
    )
    body = "".join(f"{line}\n" for line in lines).encode()
    Output.objects.create(attempt=attempt, number=number, at=timezone.now(), body=body, lines_before=before)


def asked_by(page):
    """The requests that the script makes from now on."""
    asked = []
    page.on("request", lambda request: "x-nightshift-poll" in request.headers and asked.append(request.url))
    return asked


def asks_in_an_hour(page, asked):
    """What is asked for in an hour by the page's clock."""
    page.wait_for_timeout(500)
    asked.clear()
    page.clock.run_for(HOUR)
    page.wait_for_timeout(500)
    return asked


def test_output_is_followed_while_its_end_is_in_view_and_the_page_is_visible_and_not_paused(visitor, admin_user):
    run, _ = a_claimed_run()
    attempt = run.attempts.get()
    write(attempt, *(f"line {place}" for place in range(1, 1001)))
    page = visitor(admin_user)
    page.clock.install()
    page.goto(f"/runs/{run.pk}/")
    asked = asked_by(page)
    page.locator("#lines >> text=line 1000").wait_for()
    assert page.evaluate(
        "document.querySelector('#lines li:last-child').getBoundingClientRect().bottom < innerHeight * 2"
    )
    write(attempt, "one more", "\x1b[31mred\x1b[0m")
    page.clock.run_for(3_000)
    page.locator("#lines .ansi-red >> text=red").wait_for()
    assert page.locator("#lines li", has_text="one more").count() == 1

    page.click("#lines >> text=Earlier")
    page.locator("#lines >> text=line 480").first.wait_for()
    page.evaluate("document.getElementById('lines').scrollTop = -400")
    page.wait_for_timeout(500)
    asked.clear()
    page.clock.run_for(60_000)
    page.wait_for_timeout(500)
    assert [url for url in asked if "/output/" in url] == []

    page.click("button[name=live]")
    page.evaluate("document.getElementById('lines').scrollTop = 0")
    assert asks_in_an_hour(page, asked) == []
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => window.isAway })")
    page.evaluate("window.isAway = true")
    page.click("button[name=live]")
    assert asks_in_an_hour(page, asked) == []

    page.click("button[data-tell]")
    write(attempt, "the end")
    Run.objects.filter(pk=run.pk).update(status=Status.SUCCEEDED, finished_at=timezone.now(), lease_expires_at=None)
    run.attempts.update(status=Status.SUCCEEDED, finished_at=timezone.now())
    page.clock.run_for(6_000)
    expect(page).to_have_title(f"● Run {run.pk}: Succeeded")
    page.evaluate("window.isAway = false")
    page.locator("#lines >> text=the end").wait_for()
    expect(page.locator("[data-every]")).to_have_count(0)
    assert page.locator("main .state.succeeded").count() > 0
    assert asks_in_an_hour(page, asked) == []


@pytest.mark.parametrize("script", [True, False])
def test_a_long_run_is_cancelled_from_its_page(visitor, admin_user, script):
    run, _ = a_claimed_run()
    page = visitor(admin_user, script=script)
    page.goto(f"/runs/{run.pk}/")
    page.click("text=Cancel")
    page.wait_for_selector(f"#status:has-text('Run {run.pk} is asked to end.')")
    run.refresh_from_db()
    assert run.cancelled_by == admin_user.username


@pytest.mark.parametrize("script", [True, False])
def test_only_the_runs_of_the_preview_are_retried_while_others_fail(visitor, admin_user, script):
    failed = [a_run(status="failed", error="the file is empty").pk for _ in range(3)]
    a_run(status="failed", error="something else")
    page = visitor(admin_user, script=script)
    page.goto("/runs/?error=empty")
    page.check("text=all that the filter finds")
    page.click("button[value=retry]")
    assert "This acts on 3 runs and no others" in page.inner_text("main")
    a_run(status="failed", error="the file is empty")
    page.click("button.primary")
    assert "3 runs of 3 retried." in page.inner_text("#status")
    assert sorted(Run.objects.exclude(retry_of=None).values_list("retry_of", flat=True)) == failed
    page.goto("/runs/?show=bad")
    page.check(f"input[name=run][value='{failed[0]}']")
    page.click("button[value=retry]")
    assert "Retry 1 run" in page.inner_text("h1")


def tab_to(page, selector):
    """Press Tab until the element has the focus."""
    for _ in range(80):
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never reaches {selector}")


@pytest.mark.parametrize("script", [True, False])
def test_a_job_is_run_read_and_retried_by_keyboard_alone(visitor, admin_user, script):
    page = visitor(script=script)
    page.goto("/jobs/")
    tab_to(page, "input[name=username]")
    page.keyboard.type(admin_user.username)
    tab_to(page, "input[name=password]")
    page.keyboard.type("password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/")
    tab_to(page, "td a[href='nightly/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/nightly/")
    tab_to(page, "a[href='/jobs/nightly/run/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/nightly/run/")
    tab_to(page, "button.primary")
    page.keyboard.press("Enter")
    page.wait_for_selector("#status:has-text('is queued')")
    run = Run.objects.get()
    an_attempt(run, written=[b"all done\n"])
    Run.objects.filter(pk=run.pk).update(
        status=Status.SUCCEEDED, attempt=1, started_at=timezone.now(), finished_at=timezone.now()
    )
    tab_to(page, "nav a[href='/runs/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/")
    tab_to(page, f"td a[href='/runs/{run.pk}/']")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{run.pk}/")
    assert "all done" in page.inner_text("#lines")
    tab_to(page, "button[value=retry]")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#status:has-text('retries run {run.pk}')")
    assert Run.objects.latest("pk").retry_of_id == run.pk
