"""The audit: who did what, by which door, and what was refused. For those who may administer all jobs."""

from urllib.parse import urlencode

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Door, EventKind, Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, page
from jobs.reading.audit import Question, audit

SIZE = 100
FILTERS = ("job", "by", "kind", "door")


@page("audit.html")
def who_did_what(request: HttpRequest, actor: Actor) -> Context:
    actor.require_everywhere(Verb.ADMIN)
    given = {name: asked.text(request, name) for name in FILTERS}
    for name, values in (("kind", EventKind.values), ("door", Door.values)):
        given[name] = given[name] if given[name] in values else ""
    before = asked.number(request, "before")
    found = audit(
        Question(job=given["job"], by=given["by"], kind=given["kind"], door=given["door"]),
        SIZE,
        before,
    )
    chosen = [(name, value) for name, value in given.items() if value]
    return {
        "title": "Audit",
        "at": "audit",
        "given": given,
        "events": found.events,
        "kinds": [(kind.value, kind.label.lower()) for kind in EventKind],
        "doors": Door.choices,
        "older": "?" + urlencode([*chosen, ("before", found.next)]) if found.next else "",
        "newest": "?" + urlencode(chosen) if before else "",
        "is_partial": found.is_partial,
        "is_filtered": bool(chosen),
    }
