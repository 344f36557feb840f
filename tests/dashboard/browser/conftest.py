"""One browser for a module, and pages that fail their test if the policy, the console or a request complains."""

import pytest
from django.test import Client
from playwright.sync_api import sync_playwright

from tests.helpers.chromium import chromium


# Playwright's loop runs in this thread for as long as it is there: tests of other modules have loops of their own, and
# Django takes this thread for one in which it must not wait.
@pytest.fixture(scope="module")
def browser():
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def complaints():
    """What the browser complained of; a test that expects some takes them out."""
    found = []
    yield found
    assert not found, found


@pytest.fixture
def visitor(browser, live_server, complaints):
    """Gives a page of the browser, signed in as an account, at a size and in a theme."""
    contexts = []

    def visit(user=None, *, width=1440, height=900, theme="light", script=True, zone="Europe/Berlin"):
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": height},
            color_scheme=theme,
            java_script_enabled=script,
            timezone_id=zone,
        )
        contexts.append(context)
        if user is not None:
            client = Client()
            client.force_login(user)
            context.add_cookies(
                [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
            )
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", lambda message: message.type in {"error", "warning"} and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "response",
            lambda answer: answer.status >= 400 and complaints.append(f"{answer.status} {answer.url}"),
        )
        return page

    yield visit
    for context in contexts:
        context.close()
