"""The words that rows hold, each with its one meaning. docs/glossary.md explains them at length."""

from django.db.models import TextChoices


class Status(TextChoices):
    """Where a run is. Along the declared edges only: see `EDGES`."""

    QUEUED = "queued"  # recorded, and waits for an executor, a retry's delay or another run's end
    RUNNING = "running"  # an attempt is held under a lease
    SUCCEEDED = "succeeded"  # the command ended with exit code 0
    FAILED = "failed"  # it ended otherwise, and no retry is left
    TIMED_OUT = "timed_out"  # it was stopped at its timeout
    CANCELLED = "cancelled"  # an operator, or the run that replaces it, asked for its end
    LOST = "lost"  # its supervisor vanished, and the lease ran out
    SKIPPED = "skipped"  # never started: another run was in its way, or a predecessor failed
    MISSED = "missed"  # never started: nobody picked it up before its start deadline


ENDED = frozenset(Status) - {Status.QUEUED, Status.RUNNING}
EDGES = {
    Status.QUEUED: frozenset({Status.RUNNING, Status.CANCELLED, Status.MISSED}),
    Status.RUNNING: frozenset(
        {Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.CANCELLED, Status.LOST, Status.QUEUED}
    ),
}


class AttemptStatus(TextChoices):
    """How one try ended."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    LOST = "lost"
    INTERRUPTED = "interrupted"  # the worker shut down under it: `Interrupted` says what follows, and no retry is spent


class Trigger(TextChoices):
    """What brought a run into being."""

    SCHEDULE = "schedule"  # an occurrence, in time
    CATCH_UP = "catch_up"  # an occurrence, found late
    MANUAL = "manual"  # a person: command line, admin, portal
    API = "api", "API"  # a program
    CHAIN = "chain"  # a predecessor's end
    REPAIR = "repair"  # an occurrence that had got no run, and that a person or program asked for afterwards


class Fate(TextChoices):
    """What became of occurrences that had no run."""

    SKIPPED = "skipped"  # a rule or an operator said no
    MISSED = "missed"  # nobody was there in time


class Reason(TextChoices):
    """Why a gap, or a run that never started, is one."""

    OVERLAP = "overlap"  # another run of the job was in the way
    PAUSED = "paused"  # an operator had paused the job
    DISABLED = "disabled"  # the function was disabled in Azure
    TOO_LATE = "too_late"  # found after the start deadline
    SUPERSEDED = "superseded"  # found late, and a later occurrence ran in its place (misfire)
    UNSCHEDULED = "unscheduled"  # its job or schedule was taken away before anyone was there
    PREDECESSOR = "predecessor"  # a step whose predecessor didn't succeed
    HELD = "held"  # an operator held everything


class InterventionKind(TextChoices):
    """What an operator changed of a job at run time."""

    PAUSE = "pause"  # its occurrences are skipped
    OVERRIDE = "override"  # another schedule, time zone or other arguments are in force than the declared ones
    HOLD = "hold"  # of all jobs: nothing starts by itself


class Verb(TextChoices):
    """What a person or program may do with a job."""

    VIEW = "view"  # see the job, its runs and its history; every other verb includes it
    OUTPUT = "output"  # read what its runs wrote
    RUN = "run"  # start it, retry a run, run what was missed, leave a note
    CANCEL = "cancel"  # end its runs
    PAUSE = "pause"  # pause and resume it; of all jobs: hold everything
    OVERRIDE = "override"  # replace its schedule, time zone or arguments for a while; keep a run for ever
    ALERTS = "alerts"  # acknowledge, snooze and resolve its incidents
    ADMIN = "admin"  # set its ledger back; of all jobs: grants, tokens and service accounts


# The verbs of a ready role, by its name.
ROLES = {
    "viewer": (Verb.VIEW, Verb.OUTPUT),
    "operator": (Verb.VIEW, Verb.OUTPUT, Verb.RUN, Verb.CANCEL, Verb.PAUSE),
    "owner": (Verb.VIEW, Verb.OUTPUT, Verb.RUN, Verb.CANCEL, Verb.PAUSE, Verb.OVERRIDE, Verb.ALERTS),
    "administrator": tuple(Verb),
}


class Door(TextChoices):
    """By what way somebody acted."""

    SHELL = "shell"  # manage.py
    API = "api", "API"
    PAGE = "page"  # the dashboard
    ADMIN = "admin"  # Django's admin
    PORTAL = "portal"  # Azure's own manual trigger


class Act(TextChoices):
    """What is done to each of many runs or jobs that somebody selected."""

    CANCEL = "cancel"  # a run ends
    RETRY = "retry"  # a run that has ended is asked for once more
    PAUSE = "pause"  # a job's occurrences are skipped
    RESUME = "resume"  # a job's pause ends
    RUN = "run"  # a job is started


class EventKind(TextChoices):
    """What an event is about: what an operator did, or what someone should know."""

    PAUSED = "paused"  # an operator paused a job
    RESUMED = "resumed"  # an operator ended the pause
    OVERRIDDEN = "overridden"  # an operator replaced a job's schedule, time zone or arguments for a while
    OVERRIDE_ENDED = "override_ended"  # the declaration is in force again
    PINNED = "pinned"  # an operator keeps a run: retention deletes nothing of it
    UNPINNED = "unpinned"  # an operator leaves a run to retention again
    REWOUND = "rewound"  # an operator set a job's watermark back
    STARTED = "started"  # an operator or program asked for a run
    CANCELLED = "cancelled"  # an operator or program asked for a run's end
    GRANTED = "granted"  # somebody may do more than before
    GRANT_ENDED = "grant_ended"  # somebody may do less than before
    TOKEN_CREATED = "token_created"  # noqa: S105 — a token for the API was made
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 — a token for the API was ended
    ACCOUNT_CHANGED = "account_changed"  # a service account was made, disabled or tied to a managed identity
    REFUSED = "refused"  # somebody tried what they may not do
    HELD = "held"  # an operator held everything
    HOLD_ENDED = "hold_ended"  # jobs start by themselves again
    NOTED = "noted"  # somebody wrote a note about a run, a job or a day
    PRESET_SAVED = "preset_saved"  # somebody kept arguments of a job under a name
    PRESET_DELETED = "preset_deleted"  # somebody deleted such arguments
    REPAIRED = "repaired"  # an operator ran occurrences that had got no run
    SCHEDULE_CHANGED = "schedule_changed"  # the code declares another schedule, or none any more
    RELEASE = "release"  # a release took over from another one that is still at work
    AMBIGUOUS_CALL = "ambiguous_call"  # a function was called, and nothing was due
    CLOCK_AHEAD = "clock_ahead"  # a host's clock is far ahead of the database's
    CLOCK_JUMPED = "clock_jumped"  # the database's clock was set
    LEDGER_AHEAD = "ledger_ahead"  # a job's watermark lies in the future, and the job is silent until then
    POISONED_MESSAGE = "poisoned_message"  # the queue gave a message up
    END_FROM_JOURNAL = "end_from_journal"  # a run's end was kept on a machine, and recorded later
    ACKNOWLEDGED = "acknowledged"  # somebody works on an incident
    SNOOZED = "snoozed"  # an operator silenced an incident for a while, or ended that
    RESOLVED = "resolved"  # an operator resolved an incident
    CHANNEL_OFF = "channel_off"  # a channel of alerts refuses for good, and nothing is sent by it
    CHANNEL_ON = "channel_on"  # an operator switched it on again
    UNDELIVERED = "undelivered"  # a message about an incident was given up


class Cause(TextChoices):
    """What an incident is about: the kind of the rule that opened it."""

    FAILED = "failed"  # runs failed, after their retries
    RATE = "rate"  # too many of the latest runs failed
    MISSED = "missed"  # an occurrence got no run, since nobody was there in time
    LATE_START = "late_start"  # an occurrence hasn't started in time
    MUST_SUCCEED_BY = "must_succeed_by"  # no run had succeeded by a time of day
    NOT_SUCCEEDED_FOR = "not_succeeded_for"  # no run has succeeded for long
    SLOWER_THAN = "slower_than"  # a run took too long
    STILL_RUNNING = "still_running"  # a run is still at work after long
    LOST = "lost"  # a run's supervisor vanished
    OUTPUT_MATCHES = "output_matches"  # a run wrote something that it shouldn't
    FORGOTTEN_PAUSE = "forgotten_pause"  # the job has been paused for long
    DRIFT = "drift"  # another schedule or other arguments are in force than the declared ones
    FLAPPING = "flapping"  # runs succeed and fail in turn
    NOT_RUNNING = "not_running"  # Nightshift itself was away


class Severity(TextChoices):
    """How bad an incident is."""

    CRITICAL = "critical"  # what somebody counts on isn't there, or nothing runs at all
    ERROR = "error"  # a job went wrong
    WARNING = "warning"  # it works, or still may, and not as it should
    INFO = "info"  # an operator may have forgotten something


# Of each cause; the worst first.
SEVERITY = {
    Cause.NOT_RUNNING: Severity.CRITICAL,
    Cause.MUST_SUCCEED_BY: Severity.CRITICAL,
    Cause.NOT_SUCCEEDED_FOR: Severity.CRITICAL,
    Cause.FAILED: Severity.ERROR,
    Cause.LOST: Severity.ERROR,
    Cause.MISSED: Severity.ERROR,
    Cause.RATE: Severity.ERROR,
    Cause.FLAPPING: Severity.ERROR,
    Cause.STILL_RUNNING: Severity.WARNING,
    Cause.LATE_START: Severity.WARNING,
    Cause.SLOWER_THAN: Severity.WARNING,
    Cause.OUTPUT_MATCHES: Severity.WARNING,
    Cause.DRIFT: Severity.INFO,
    Cause.FORGOTTEN_PAUSE: Severity.INFO,
}


class Resolution(TextChoices):
    """How an incident ended."""

    RECOVERED = "recovered"  # by itself: what it was about is over
    BY_HAND = "by_hand"  # an operator said so
    UNDECLARED = "undeclared"  # its job or its rule is no longer declared


class NoticeKind(TextChoices):
    """What a notice is about."""

    OPENED = "opened"  # an incident began
    RESOLVED = "resolved"  # an incident ended
    ESCALATED = "escalated"  # nobody acknowledged an incident in time
    ACKNOWLEDGED = "acknowledged"  # somebody works on an incident


class Overlap(TextChoices):
    """What to do with an occurrence, or a request, while a run of the job is queued or running."""

    SKIP = "skip"  # don't run it
    QUEUE = "queue"  # run it afterwards; one waits, later ones are skipped
    ALLOW = "allow"  # run it beside the others, up to `max_running`
    REPLACE = "replace"  # cancel the others, then run it


class Misfire(TextChoices):
    """What to do with occurrences that are found late, within the start deadline."""

    LATEST = "latest"  # run the latest of them
    ALL = "all"  # run each, oldest first
    NONE = "none"  # run none


class Interrupted(TextChoices):
    """What to do with a run whose attempt a shutdown interrupted. It may have done all or part of its work."""

    AGAIN = "again"  # back into the queue
    FAIL = "fail"  # it has failed


class Isolation(TextChoices):
    """What a run's process is made of."""

    FORK = "fork"  # forked from one that has the project loaded: in milliseconds
    FRESH = "fresh"  # loads the project itself, as under cron


class Dispatch(TextChoices):
    """Who supervises a scheduled run."""

    TIMER = "timer"  # the timer function that queued it
    QUEUE = "queue"  # any instance: the timer only records it and rings the doorbell
