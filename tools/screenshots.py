"""`make screenshots`: the pictures of the documentation, taken of the sample's month in a database of their own."""

import os
import shutil
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import setup_databases, setup_test_environment, teardown_databases
from django.utils import timezone

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
# Of each picture its name, the page, and the height.
PICTURES = [
    ("overview", "/", 1060),
    ("run", "/runs/{failed}/", 760),
    ("holes", "/holes/?hours=720", 760),
]
WIDTH = 1200
LARGEST = 200_000


def main() -> int:
    django.setup()
    setup_test_environment()
    databases = setup_databases(verbosity=0, interactive=False)
    try:
        return _take()
    finally:
        # A thread of the server may not have closed its connection yet.
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        teardown_databases(databases, verbosity=0)


def _take() -> int:
    from django.contrib.staticfiles.testing import StaticLiveServerTestCase

    class Site(StaticLiveServerTestCase):
        """Only its server is used."""

    settings.ALLOWED_HOSTS = ["*"]
    # As a team has it. No host runs beside the pictures: nothing is sent.
    settings.JOBS_CHANNELS = {"ops": {"kind": "email", "to": "ops@shop.example"}}
    call_command("sample_history", at_work=True, verbosity=0)
    Site.setUpClass()
    try:
        return _shoot(Site.live_server_url)
    finally:
        Site.tearDownClass()


def _shoot(site: str) -> int:
    from playwright.sync_api import sync_playwright

    session, failed = _session(), _failed()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    too_large = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, path, height in PICTURES:
            context = browser.new_context(
                base_url=site,
                viewport={"width": WIDTH, "height": height},
                color_scheme="light",
                timezone_id="Europe/Berlin",
            )
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
            page = context.new_page()
            # Twice: by the second time the server knows the browser's zone.
            for _ in range(2):
                _tick()
                page.goto(path.format(failed=failed), timeout=120_000)
            file = FOLDER / f"{name}.png"
            page.screenshot(path=file, timeout=120_000)
            context.close()
            sys.stdout.write(f"{file.relative_to(Path.cwd())}: {file.stat().st_size:,} bytes\n")
            if file.stat().st_size > LARGEST:
                too_large.append(name)
        browser.close()
    if too_large:
        sys.stderr.write(f"Larger than {LARGEST:,} bytes: {', '.join(too_large)}.\n")
    return 1 if too_large else 0


def _session() -> str:
    """The session of an administrator."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    client.force_login(get_user_model()._default_manager.create_superuser("ada"))
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def _tick() -> None:
    """As if a tick had just been: no host runs beside the pictures, and a slow machine takes minutes for them."""
    from jobs.models import JobState, LastTick

    now = timezone.now()
    LastTick.objects.update(at=now, seen_at=now)
    JobState.objects.filter(next_due_at__lt=now).update(next_due_at=now)


def _failed() -> int:
    """The latest run that failed."""
    from jobs.models import Run

    return Run.objects.filter(status="failed").latest("pk").pk


if __name__ == "__main__":
    sys.exit(main())
