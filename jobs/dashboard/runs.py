"""The list of runs: newest first, by job and status, a page at a time."""

from urllib.parse import urlencode

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Status, Verb
from jobs.dashboard.pages import Context, page
from jobs.dashboard.words import WORDS
from jobs.declarations.registry import registry
from jobs.models import Run
from jobs.reading import keyset

SIZE = 50
# What a person looks for most often, in one word.
GROUPS = {
    "": ("all", ()),
    "bad": ("went wrong", (Status.FAILED, Status.TIMED_OUT, Status.LOST, Status.MISSED)),
    "active": ("active", (Status.RUNNING, Status.QUEUED)),
}


@page("runs.html", every=10)
def runs(request: HttpRequest, actor: Actor) -> Context:
    job = request.GET.get("job", "")
    if job:
        actor.require(Verb.VIEW, job)
    statuses = [status for status in request.GET.getlist("status") if status in Status.values]
    group = request.GET.get("show", "")
    group = group if group in GROUPS else ""
    before = request.GET.get("before", "")
    found = _found(
        actor, job, statuses or GROUPS[group][1], int(before) if before.isdecimal() and len(before) < 19 else None
    )
    older = found[SIZE - 1].pk if len(found) > SIZE else None
    given = [("job", job), ("show", group), *(("status", status) for status in statuses)]
    return {
        "title": f"Runs of {job}" if job else "Runs",
        "at": "runs",
        # Older ones don't change.
        "every": None if before else 10,
        "job": job,
        "statuses": statuses,
        "group": group,
        "groups": [(name, words, _query(job=job, show=name)) for name, (words, _) in GROUPS.items()],
        "choices": [(status.value, WORDS[status]) for status in Status],
        "names": sorted(actor.seen(registry)),
        "runs": found[:SIZE],
        "older": "?" + urlencode([*((name, value) for name, value in given if value), ("before", older)])
        if older
        else "",
        "newest": "?" + urlencode([(name, value) for name, value in given if value]) if before else "",
    }


def _query(**values: str) -> str:
    return "?" + urlencode({name: value for name, value in values.items() if value})


def _found(actor: Actor, job: str, statuses: list[str] | tuple[Status, ...], before: int | None) -> list[Run]:
    """The newest of these runs, one more than a page has where others follow."""
    rows = Run.objects.all() if before is None else Run.objects.filter(pk__lt=before)
    jobs: list[str | None] = [job or None]
    if not job and not actor.may_everywhere(Verb.VIEW):
        jobs = [*actor.seen(registry)]
    parts = [keyset.runs(rows, each, status) for each in jobs for status in (statuses or ("",))]
    return list(keyset.Merged(parts).order_by("-pk")[: SIZE + 1]) if parts else []
