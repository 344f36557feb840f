"""A worker that shuts down: from when on, and how long its runs may take to end."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(slots=True)
class Shutdown:
    """When (time.monotonic) this worker's runs are interrupted, and the longest grace that they get then.

    None while the worker isn't shutting down.
    """

    at: float | None = None
    grace: timedelta | None = None

    def shorter(self, grace: timedelta) -> timedelta:
        """This grace, or the worker's, where that is shorter."""
        return grace if self.grace is None else min(grace, self.grace)
