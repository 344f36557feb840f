"""The project's own settings, with a zoo of commands."""

from mydjango.settings import *  # noqa: F403
from mydjango.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.sample_commands"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
