"""The project's own on a host, with the channels of the test."""

from tests.alerts import settings as given
from tests.settings import *  # noqa: F403

JOBS_CHANNELS, JOBS_ROUTES = given.JOBS_CHANNELS, given.JOBS_ROUTES
