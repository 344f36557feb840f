"""The project's own settings, with a command that does nothing and a database of the benchmarks' own."""

from mydjango.settings import *  # noqa: F403
from mydjango.settings import DATABASES, INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]
DATABASES["default"]["NAME"] = "nightshift_benchmarks"
# More starts in a minute than a client is allowed.
JOBS_API_RATE = 0
