"""The list of jobs, and what can be done from its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Status, Verb
from jobs.dashboard import preferences
from jobs.dashboard.as_declared import obstacles
from jobs.dashboard.job_row import rows
from jobs.dashboard.pages import Context, act, next_of, page, say
from jobs.dashboard.refs import named
from jobs.dashboard.sent_twice import once_a_form
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.reading import finding
from jobs.reading.board import Standing, standings
from jobs.verbs import pause as pausing
from jobs.verbs.start import start

# Of each order its name on the page, and what sorts so.
SORTS: dict[str, tuple[str, Callable[[Sequence[Standing]], list[Standing]]]] = {
    "worst": ("Worst first", finding.worst_first),
    "next": ("Next due first", finding.by_next),
    "name": ("By name", lambda found: sorted(found, key=lambda each: each.job.name)),
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The filters, as they stand in the address."""

    q: str
    show: str
    sort: str
    group: str

    @classmethod
    def of(cls, request: HttpRequest) -> "Chosen":
        def one_of(name: str, values: object, default: str) -> str:
            value = request.GET.get(name, "")
            return value if value in values else default  # type: ignore[operator]

        return cls(
            request.GET.get("q", "").strip()[:200],
            one_of("show", finding.KINDS, ""),
            one_of("sort", SORTS, "worst"),
            one_of("group", finding.GROUPS, ""),
        )

    def query(self, **changed: str) -> str:
        """The address with something changed: "?show=failing"."""
        values = {"q": self.q, "show": self.show, "sort": self.sort, "group": self.group} | changed
        given = {name: value for name, value in values.items() if value and (name, value) != ("sort", "worst")}
        return "?" + urlencode(given)


@page("jobs.html", every=10)
def jobs(request: HttpRequest, actor: Actor) -> Context:
    chosen = Chosen.of(request)
    now = timezone.now()
    everything = standings(actor.seen(registry), now)
    found = finding.matching(everything, chosen.q)
    kinds = {name: sum(map(is_so, found)) for name, is_so in finding.KINDS.items()}
    shown = SORTS[chosen.sort][1](finding.of_kind(found, chosen.show))
    groups = finding.grouped(shown, chosen.group) if chosen.group else [("", shown)]
    return {
        "title": "Jobs",
        "at": "jobs",
        "chosen": chosen,
        "says": counted(len(shown), "job"),
        "count": len(shown),
        "total": len(everything),
        "chips": [
            ("", "all", len(found), chosen.query(show="")),
            *(
                (name, name, count, chosen.query(show=name))
                for name, count in kinds.items()
                if count or name == chosen.show
            ),
        ],
        "sorts": [(name, words, chosen.query(sort=name)) for name, (words, _) in SORTS.items()],
        "by": [
            ("", "no groups", chosen.query(group="")),
            *((n, f"by {n}", chosen.query(group=n)) for n in finding.GROUPS),
        ],
        "why_this_order": finding.WORST_FIRST if chosen.sort == "worst" else "",
        "groups": [(name, rows(actor, members, now, preferences.of(request).zone)) for name, members in groups],
        "may_pause": bool(actor.seen(registry, Verb.PAUSE)),
        "may_run": bool(actor.seen(registry, Verb.RUN)),
        "key": uuid4().hex,
    }


@act
def do_with_a_job(request: HttpRequest, actor: Actor) -> str | tuple[str, str] | HttpResponse:
    """A button of a row: its name is what to do, its value the job."""
    seen = actor.seen(registry)
    run, pause, resume = (named(request.POST.get(what, ""), seen) for what in ("run", "pause", "resume"))
    if run:
        return _run(request, actor, run)
    if pause:
        actor.require(Verb.PAUSE, pause)
        return "", reverse("nightshift:pause", args=[pause])
    if job := resume:
        pausing.resume(actor, job)
        return f"{job} is resumed."
    return ""


def _run(request: HttpRequest, actor: Actor, job: str) -> tuple[str, str] | HttpResponse:
    """Start it with the arguments that it has anyway, once for two clicks; one that needs others leads to its form."""
    confirm, needs = request.POST.get("confirm", ""), ""
    if actor.may(Verb.RUN, job) and not confirm:
        needs = obstacles([job]).get(job, "")
    if needs:
        return f"{job} was not started. {needs}", reverse("nightshift:run_now", args=[job])
    run, replayed = once_a_form(
        actor,
        request.POST.get("key", ""),
        {"job": job, "confirm": confirm},
        lambda key: start(actor, job, confirm=confirm, key=key),
    )
    become = f"{run.get_status_display().lower()}." + (f" {run.error}" if run.error else "")
    sentence = f"It was started already, and is {become}" if replayed else f"Run {run.pk} of {job} is {become}"
    say(request, sentence, went_wrong=run.status == Status.SKIPPED, run=run.pk)
    return HttpResponseRedirect(next_of(request))
