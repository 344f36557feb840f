"""The project's own settings, with a zoo of commands."""

import os

# `make test-versions` runs the core tests in a project that has nothing of mydjango's.
if os.environ.get("TEST_PROJECT") == "plain":
    from tests.plain.settings import *  # noqa: F403
    from tests.plain.settings import INSTALLED_APPS
else:
    from mydjango.settings import *  # noqa: F403
    from mydjango.settings import INSTALLED_APPS

# Apps that a test has written, for the processes that it starts.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.sample_commands", *os.environ.get("TEST_APPS", "").split()]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
JOBS_API_RATE = 0  # all tests are one process, and most of them one user
