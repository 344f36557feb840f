"""Pages in a real browser under the Content-Security-Policy: Chromium tells on its console what it refused."""

import re
import subprocess

import pytest

from jobs.localhost import signin
from tests.helpers.chromium import chromium
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def visit(live_server, tmp_path):
    """Go to a page of the site; gives its title and what the policy made the browser refuse."""

    def go(path):
        done = subprocess.run(
            [
                *(chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
                *(f"--user-data-dir={tmp_path}", "--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom"),
                f"{live_server.url}{path}",
            ],
            capture_output=True,
            text=True,
            timeout=60,
        )
        title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
        complaints = [
            line.partition("CONSOLE")[2] for line in done.stderr.splitlines() if "Content Security Policy" in line
        ]
        return " ".join(title[1].split()) if title else done.stdout, complaints

    return go


def test_the_admin_works_under_the_policy(visit):
    run = a_run()
    assert visit(signin.link()) == ("Overview · Nightshift", [])
    assert visit("/manage/") == ("Site administration | Django site admin", [])
    assert visit("/manage/nightshift/run/") == ("Select run to view | Django site admin", [])
    assert visit(f"/manage/nightshift/run/{run.pk}/change/")[1] == []
    assert visit("/manage/auth/user/add/") == ("Add user | Django site admin", [])


def test_a_script_that_stands_in_a_page_is_refused(visit, settings):
    """So the console would have told in the test before."""
    settings.SECURE_CSP = {"default-src": ["'none'"]}
    assert visit("/manage/login/")[1]
