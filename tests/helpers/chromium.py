"""The browser of the tests that look at pages."""

import shutil

from tests.helpers.required import skip_or_fail


def chromium():
    """Where Chromium is. Without one the test is skipped, and fails where REQUIRE_CHROMIUM is set, as in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or skip_or_fail("There is no Chromium on this machine: apt-get install chromium.", "REQUIRE_CHROMIUM")
