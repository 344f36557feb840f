"""The project as it is, with the zoo in the place of its jobs and with short timings."""

from datetime import timedelta

from jobs.ledger import timing
from mydjango.settings import *  # noqa: F403
from mydjango.settings import INSTALLED_APPS
from tests.chaos import SCALE

INSTALLED_APPS = [name for name in INSTALLED_APPS if not name.startswith("examples.")] + ["tests.chaos"]
ROOT_URLCONF = "tests.chaos.urls"
# Many jobs are due many times a minute here, and at the same second.
SILENCED_SYSTEM_CHECKS = ["jobs.W005", "jobs.W006"]

# Before anything reads them.
for name, value in vars(timing).copy().items():
    if isinstance(value, timedelta):
        setattr(timing, name, value / SCALE)
