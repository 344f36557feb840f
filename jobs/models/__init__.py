"""The ledger: what was due, what ran, and how. `settle` inserts scheduled runs, `endings` changes statuses."""

from jobs.models.access import EntraAccount, Failures, Grant, ServiceAccount, Token
from jobs.models.attempt import Attempt, Output
from jobs.models.delivery import ChannelOff, Delivery, DeliveryAttempt
from jobs.models.gap import Gap, Repair
from jobs.models.idempotency import IdempotencyKey
from jobs.models.incident import Incident, Notice
from jobs.models.intervention import Intervention
from jobs.models.job_day import JobDay
from jobs.models.job_state import JobState
from jobs.models.note import Note
from jobs.models.operation import Event, LastTick, Release
from jobs.models.preset import Preset
from jobs.models.run import Run
from jobs.models.run_watch import RunWatch
from jobs.models.selection import Selection

__all__ = [
    "Attempt",
    "ChannelOff",
    "Delivery",
    "DeliveryAttempt",
    "EntraAccount",
    "Event",
    "Failures",
    "Gap",
    "Grant",
    "IdempotencyKey",
    "Incident",
    "Intervention",
    "JobDay",
    "JobState",
    "LastTick",
    "Note",
    "Notice",
    "Output",
    "Preset",
    "Release",
    "Repair",
    "Run",
    "RunWatch",
    "Selection",
    "ServiceAccount",
    "Token",
]
