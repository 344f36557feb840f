"""Every page of the dashboard, each with an address: a new one without an address here fails the test of them."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from jobs.choices import Status
from jobs.dashboard.urls import urlpatterns
from jobs.models import Gap, Incident, Run

# In bytes. Lists of all jobs may be longer.
PAGE, LIST_OF_JOBS = 150_000, 300_000
QUERIES = 12
# They take a form, or lead elsewhere; or only somebody with a token of theirs sees them.
NO_PAGES = {
    *(
        "note_on_job",
        "do_with_a_run",
        "do_with_an_incident",
        "switch_channel_on",
        "try_channel",
        "select",
        "selected",
        "select_jobs",
        "act_on_jobs",
        "change_access",
        "make_token",
    ),
    *("do_with_a_job", "sign_in", "openid", "openid_back", "sign_out", "preferences", "raw", "delete_preset"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What a person opens, and how long it may be."""

    name: str
    path: str
    size: int = PAGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What pages are about: jobs that are due all the time, now and then, and that never ran; some of their runs."""

    busy: str
    rare: str
    idle: str
    written: int
    failed: int
    running: int
    missing: Gap | None
    incident: int | None

    @classmethod
    def of(cls, busy: str, rare: str, idle: str) -> "Sample":
        runs = Run.objects.order_by("-pk")
        return cls(
            busy=busy,
            rare=rare,
            idle=idle,
            written=runs.filter(attempts__output_bytes__gt=0).values_list("pk", flat=True)[0],
            failed=runs.filter(status=Status.FAILED).values_list("pk", flat=True)[0],
            running=runs.filter(status=Status.RUNNING).values_list("pk", flat=True)[0],
            missing=Gap.objects.filter(job=busy).order_by("-pk").first(),
            incident=Incident.objects.open().values_list("pk", flat=True).first(),
        )


def pages(sample: Sample) -> list[Page]:
    """The pages that take no form, most with several addresses."""
    busy, rare, idle = sample.busy, sample.rare, sample.idle
    several = [("status", "failed"), ("status", "lost"), ("trigger", "manual"), ("requested_by", "ada")]
    times = [("finished_after", "2026-01-31T00:00:00Z"), ("min_duration", "60")]
    return [
        Page(name="overview", path="/"),
        Page(name="overview, all jobs in its plan", path="/?plan=all", size=LIST_OF_JOBS),
        Page(name="jobs", path="/jobs/", size=LIST_OF_JOBS),
        Page(name="jobs, by label, next due first", path="/jobs/?group=label&sort=next", size=LIST_OF_JOBS),
        Page(name="jobs, found by a word", path="/jobs/?q=orders", size=LIST_OF_JOBS),
        *(
            Page(name=f"{what}, {kind}", path=f"/jobs/{job}/{path}")
            for kind, job in (("busy", busy), ("rare", rare), ("that never ran", idle))
            for what, path in (("a job", ""), ("its ledger", "ledger/"), ("its form Run now", "run/"))
        ),
        Page(name="its ledger, what went wrong", path=f"/jobs/{busy}/ledger/?show=wrong"),
        Page(name="what a job missed", path=f"/jobs/{busy}/missed/"),
        *(
            [Page(name="what is run of a gap", path=f"/jobs/{busy}/missed/?gap={sample.missing.pk}")]
            if sample.missing
            else []
        ),
        Page(name="why a job didn't run", path=f"/jobs/{busy}/why/?at=2026-09-14T12:00"),
        Page(name="rules of alerts", path=f"/jobs/{busy}/rules/"),
        Page(name="a rule that is tried", path=f"/jobs/{busy}/rules/?rule=failed(in_a_row=2)"),
        Page(name="pause", path=f"/jobs/{busy}/pause/"),
        Page(name="override", path=f"/jobs/{busy}/override/"),
        Page(name="a run with output", path=f"/runs/{sample.written}/"),
        Page(name="a failed run", path=f"/runs/{sample.failed}/"),
        Page(name="a running run", path=f"/runs/{sample.running}/"),
        Page(name="a run's output", path=f"/runs/{sample.written}/output/"),
        Page(name="words found in it", path=f"/runs/{sample.written}/output/?find=a1"),
        Page(name="a run beside its last success", path=f"/runs/{sample.failed}/compare/"),
        Page(name="retry with changes", path=f"/runs/{sample.failed}/retry/"),
        Page(name="runs", path="/runs/"),
        Page(name="runs that went wrong", path="/runs/?show=bad"),
        Page(name="active runs", path="/runs/?show=active"),
        Page(name="runs of a job", path=f"/runs/?job={busy}"),
        Page(name="runs of a job that failed", path=f"/runs/?job={busy}&status=failed"),
        Page(name="runs, four filters", path=f"/runs/?{urlencode(several)}"),
        Page(name="runs that ended since a moment and took a minute", path=f"/runs/?{urlencode(times)}"),
        Page(name="runs by words of their error", path="/runs/?error=quota+exceeded"),
        Page(name="runs by words that no error has", path="/runs/?error=nothing+has+this"),
        Page(name="incidents", path="/incidents/"),
        Page(name="incidents that are over, of a label", path="/incidents/?show=over&label=billing"),
        *([Page(name="an incident", path=f"/incidents/{sample.incident}/")] if sample.incident else []),
        Page(name="channels", path="/channels/"),
        Page(name="calendar", path="/calendar/"),
        Page(name="holes of a day", path="/holes/"),
        Page(name="holes of a week", path="/holes/?hours=168"),
        Page(name="hold", path="/hold/"),
        Page(name="handover", path="/handover/"),
        Page(name="handover of three days", path="/handover/?hours=72"),
        Page(name="audit", path="/audit/"),
        Page(name="audit, of a person", path="/audit/?by=grace"),
        Page(name="access", path="/access/"),
        Page(name="access, who may do what", path=f"/access/?job={busy}&verb=run"),
    ]


def unlisted(listed: list[Page]) -> set[str]:
    """The pages of the dashboard that have no address among these."""
    patterns = {str(pattern.name): str(pattern.pattern) for pattern in urlpatterns}
    shapes = {name: re.sub("<[^>]*>", "[^/]+", text) for name, text in patterns.items() if name not in NO_PAGES}
    paths = [page.path.partition("?")[0].lstrip("/") for page in listed]
    return {name for name, shape in shapes.items() if not any(re.fullmatch(shape, path) for path in paths)}
