"""What a route says, in a sentence: "phone hears of what is error or worse, if nobody has acknowledged it …"."""

from jobs.alerts.entries import EVERYTHING, Chosen
from jobs.alerts.hours import DAYS, Hours
from jobs.alerts.routes import EMAIL, OWNER, Route
from jobs.choices import Severity
from jobs.formats import format_duration


def sentence(route: Route) -> str:
    """Who hears of what, and when not."""
    who = "The job's owner" if route.to == OWNER else route.to.removeprefix(EMAIL)
    what = "everything" if route.severity == Severity.INFO else f"what is {route.severity} or worse"
    if route.severity == Severity.CRITICAL:
        what = "what is critical"
    parts = [f"{who} hears of {what}", _of(route.chosen)]
    if route.hours is not None:
        parts.append(f", {hours(route.hours)}")
    if route.after:
        parts.append(f", if nobody has acknowledged it after {format_duration(route.after)}")
    if route.quiet is not None:
        parts.append(f"; not {hours(route.quiet)}: what is still open then is sent after that")
    return "".join(parts) + "."


def hours(span: Hours) -> str:
    """from 22:00 to 07:00 Europe/Berlin on mon, tue"""
    clock = " to ".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (span.start, span.end))
    days = [day for number, day in enumerate(DAYS) if number in span.days]
    return f"from {clock} {span.zone.key}" + ("" if len(days) == len(DAYS) else f" on {', '.join(days)}")


def _of(chosen: Chosen) -> str:
    if chosen == EVERYTHING:
        return ""
    named = [" or ".join(chosen.jobs)] if chosen.jobs else ["jobs"]
    if chosen.labels:
        named.append(f"labelled {' or '.join(chosen.labels)}")
    if chosen.owners:
        named.append(f"owned by {' or '.join(chosen.owners)}")
    return f" of {' '.join(named)}"
