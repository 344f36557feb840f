"""For processes that deliver: channels and routes are those of the test, which it puts into the environment."""

import json
import os

import django

from tests.invariants.settings import *  # noqa: F403

_given = json.loads(os.environ.get("TEST_ALERTS", "{}"))
JOBS_CHANNELS = _given.get("channels", {})
JOBS_ROUTES = _given.get("routes", [])
_smtp = {"host": "127.0.0.1", "port": _given.get("smtp", 25)}
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": _smtp}}
else:
    EMAIL_HOST, EMAIL_PORT = _smtp.values()
