"""The ledger: what was due, what ran, and how."""

from jobs.models.run import *  # noqa: F403
