"""A job is run through its form, and a run is retried with changes: with a script and without."""

import pytest

from jobs.models import Run
from tests.helpers.rows import a_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]


@pytest.mark.parametrize("script", [True, False])
def test_a_job_is_run_with_an_invalid_then_a_valid_argument_and_retried_with_changes(
    visitor, admin_user, declared, script
):
    declared("sleepy", command="sleeps", args=["5"])
    page = visitor(admin_user, script=script)

    def look():
        if not script:
            page.click("button[name=check]")

    page.goto("/jobs/sleepy/")
    page.click("a.primary")
    assert page.input_value("[name='arg.seconds']") == "5"
    page.fill("[name='arg._words']", "--wrod")
    page.click("button.primary")
    error = page.locator(".field:has([name='arg._words']) .errorlist")
    assert error.inner_text() == "unrecognized arguments: --wrod"
    assert not Run.objects.exists()
    page.fill("[name='arg._words']", "")
    page.fill("[name='arg.seconds']", "7")
    look()
    page.wait_for_selector("#equals pre:has-text('nightshift run sleepy 7')")
    assert page.inner_text(".mark") == "as declared: 5"
    page.click("button.primary")
    page.wait_for_selector("#status:has-text('of sleepy is queued')")
    assert Run.objects.get().arguments == ["7"]

    failed = a_run("sleepy", "failed", arguments=["8"])
    page.goto(f"/runs/{failed.pk}/retry/")
    page.fill("[name='arg.seconds']", "9")
    look()
    page.wait_for_selector("#equals ins:has-text('9')")
    assert page.locator("#equals del").first.inner_text() == "8"
    page.click("button.primary")
    page.wait_for_selector("#status:has-text('of sleepy')")
    assert Run.objects.get(retry_of=failed).arguments == ["9"]
