"""Makes the message of a delivery: its title, its text, the same as HTML, and facts for programs."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.template import Context, Engine

from jobs.alerts.message import Message
from jobs.alerts.messages import story, wording
from jobs.alerts.messages.story import Story
from jobs.choices import NoticeKind
from jobs.declarations.registry import registry
from jobs.declarations.severity import rank, severity
from jobs.formats import CONTROL, counted, utc_time
from jobs.models import Incident, Run

# Of a group so many are told of one by one.
MOST = 12
ENGINE = Engine(dirs=[str(Path(__file__).parent / "templates")])


def message(key: str, kind: NoticeKind, incidents: Sequence[Incident], now: datetime, *, silenced: str = "") -> Message:
    """What a delivery says of these incidents, the first one first. `silenced` is why it says so only now."""
    title = wording.title(kind, incidents, now)
    # The last lines of one run say what happened to all of them.
    stories = [story.of(each, with_lines=place == 0) for place, each in enumerate(incidents[:MOST])]
    left = len(incidents) - len(stories)
    worst = max((severity(each.cause, registry.get(each.job)) for each in incidents), key=rank).value
    context = {
        "title": title,
        "severity": worst,
        "because": f"Told only now: {silenced}" if silenced else "",
        "is_over": kind == NoticeKind.RESOLVED,
        "stories": stories,
        "more": f"And {counted(left, 'more job')}." if left else "",
    }
    return Message(
        key=key,
        kind=kind,
        severity=worst,
        title=title,
        text=_text(context),
        html=_html(context),
        url=story.address(f"incidents/{incidents[0].pk}/"),
        facts=_facts(incidents),
    )


def of_run(key: str, run: Run, *, with_lines: bool) -> Message:
    """What somebody hears who asked for this run's end. The last lines are for those who may read its output."""
    title, url = wording.end(run), story.address(f"runs/{run.pk}/")
    context = {
        "title": title,
        "because": "You asked for an e-mail when this run ends.",
        "is_over": True,
        "stories": [story.of_run(run, with_lines=with_lines)],
        "more": "",
    }
    facts: dict[str, str | int | None] = {"run": run.pk, "job": run.job, "status": run.status}
    # An e-mail says nothing of its kind and severity.
    kind, severity = NoticeKind.RESOLVED, "info"
    return Message(key, kind, severity, title, text=_text(context), html=_html(context), url=url, facts=facts)


def _html(context: dict[str, Any]) -> str:
    found = ENGINE.get_template("message.html").render(Context(context))
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", found)


def _text(context: dict[str, Any]) -> str:
    parts = [context["title"], f"Severity: {context['severity']}" if not context["is_over"] else ""]
    parts.append(context["because"])
    blocks = ["\n".join(filter(None, parts))]
    blocks += [_block(each, is_alone=len(context["stories"]) == 1) for each in context["stories"]]
    return "\n\n".join([*blocks, *filter(None, [context["more"]])]) + "\n"


def _block(told: Story, is_alone: bool) -> str:
    lines = [] if is_alone else [told.name]
    lines += [f"{what}: {value}" for what, value in told.facts]
    if told.lines:
        lines += ["", "Its last lines:", *(f"    {line}" for line in told.lines)]
    if told.advice or told.steps:
        lines += ["", *([f"What to do: {told.advice}"] if told.advice else [])]
        lines += [f"  {what}: {value}" for what, value in told.steps]
    return "\n".join(lines)


def _facts(incidents: Sequence[Incident]) -> dict[str, str | int | None]:
    first = incidents[0]
    ends = [each.resolved_at for each in incidents]
    commands = dict.fromkeys(filter(None, map(wording.command, incidents)))
    return {
        "incidents": ", ".join(str(each.pk) for each in incidents),
        "cause": first.cause,
        "jobs": ", ".join(each.job for each in incidents if each.job),
        "opened_at": utc_time(min(each.opened_at for each in incidents)),
        "resolved_at": utc_time(max(filter(None, ends))) if all(ends) else None,
        "runs": ", ".join(str(each.last_run_id) for each in incidents if each.last_run_id),
        "commands": "; ".join(commands),
        "error": first.error,
        "release": first.release,
        "instance": first.instance,
        "count": len(incidents),
    }
