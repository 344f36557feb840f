"""As lean as a worker can be: these tests start and kill dozens of them."""

from tests.settings import *  # noqa: F403

INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "jobs", "tests.sample_commands"]
MIDDLEWARE = []
