"""The words that pages use for what rows hold: short ones, since they stand in columns."""

from jobs.choices import Reason, Status

WORDS: dict[str, str] = {
    Status.QUEUED: "queued",
    Status.RUNNING: "running",
    Status.SUCCEEDED: "ok",
    Status.FAILED: "failed",
    Status.TIMED_OUT: "timed out",
    Status.CANCELLED: "cancelled",
    Status.LOST: "lost",
    Status.SKIPPED: "skipped",
    Status.MISSED: "missed",
    "late": "late",
    "paused": "paused",
    "disabled": "disabled",
    "never": "never ran",
}
# Why a run or an occurrence is none, as the rest of a sentence.
REASONS: dict[str, str] = {
    Reason.OVERLAP: "another run was in the way",
    Reason.PAUSED: "the job was paused",
    Reason.DISABLED: "the function was disabled in Azure",
    Reason.TOO_LATE: "found after its start deadline",
    Reason.SUPERSEDED: "found late, and a later occurrence ran instead",
    Reason.UNSCHEDULED: "its schedule was removed before anyone was there",
    Reason.HELD: "everything was held",
    Reason.PREDECESSOR: "a job before it didn't succeed",
}
