"""What to do about an incident, by its cause: the same words on pages and in messages."""

from jobs.choices import Cause

ADVICE: dict[str, str] = {
    Cause.NOT_RUNNING: "Look at the function tick: `manage.py doctor` says why it was away. Then run what was missed.",
    Cause.MUST_SUCCEED_BY: "See what became of its latest runs, then run it.",
    Cause.NOT_SUCCEEDED_FOR: "See what became of its latest runs, then run it.",
    Cause.FAILED: "Read its output, then run it again.",
    Cause.LOST: "See whether its instance was stopped, then run it again.",
    Cause.MISSED: "Read why, then run what was missed.",
    Cause.RATE: "Compare a run that failed with one that succeeded.",
    Cause.FLAPPING: "Compare a run that failed with one that succeeded.",
    Cause.STILL_RUNNING: "Look at its output; cancel it if it hangs.",
    Cause.LATE_START: "See what is in its way.",
    Cause.SLOWER_THAN: "Compare it with a run that took as long as usual.",
    Cause.OUTPUT_MATCHES: "Read its output.",
    Cause.DRIFT: "End the override, or write it into the code.",
    Cause.FORGOTTEN_PAUSE: "Resume it, or pause it until a date.",
}
