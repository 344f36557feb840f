"""Makes the message of a digest: text, and the same as HTML."""

from django.template import Context

from jobs.alerts.digests import Digest, Section
from jobs.alerts.message import Message
from jobs.alerts.messages import story
from jobs.alerts.messages.making import ENGINE
from jobs.formats import CONTROL


def message(key: str, digest: Digest) -> Message:
    page = ENGINE.get_template("digest.html").render(Context({"digest": digest}))
    return Message(
        key=key,
        kind=None,
        severity=digest.severity.value,
        title=digest.title,
        text="\n\n".join([digest.title, *map(_text, digest.sections)]) + "\n",
        html=CONTROL.sub("\N{REPLACEMENT CHARACTER}", page),
        url=story.address("incidents/"),
        facts={section.heading: len(section.lines) + section.more for section in digest.sections},
    )


def _text(section: Section) -> str:
    lines = [f"{section.heading}:"]
    for line in section.lines:
        lines.append(f"  {line.words}")
        lines += [f"    {each}" for each in (line.note, line.link) if each]
    return "\n".join([*lines, *([f"  And {section.more:,} more."] if section.more else [])])
