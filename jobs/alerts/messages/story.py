"""What a message tells of one incident, or of a run's end, read from the ledger."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from jobs.alerts.messages import wording
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import as_shown, counted, plain, shorten
from jobs.models import Incident, Run
from jobs.reading.advice import ADVICE
from jobs.reading.output import window
from jobs.reading.transcript import UnknownAttempt, UnknownRun

# Of a run's output: so many lines, each so long, from so many bytes.
LINES, WIDEST, READ = 8, 160, 8 * 1024
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Story:
    """One incident or run. `steps` are what to do: words, and a link or command to each."""

    name: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[str, ...]
    advice: str
    steps: tuple[tuple[str, str], ...]


def of(incident: Incident, *, with_lines: bool = True) -> Story:
    job = registry.get(incident.job)
    return Story(
        name=incident.job or "Nightshift",
        facts=tuple(_facts(incident, job)),
        lines=tuple(_last_lines(incident.last_run_id)) if with_lines else (),
        # Our own outage is always over when it is told, and what was missed in it can still be run.
        advice=ADVICE[incident.cause] if incident.resolved_at is None or not incident.job else "",
        steps=tuple(_steps(incident, job)),
    )


def of_run(run: Run, *, with_lines: bool) -> Story:
    """Of a run that has ended."""
    zone = zone_of(registry.get(run.job))
    moments = [("Started", run.started_at), ("Ended", run.finished_at)]
    facts = [(what, wording.when(moment, zone)) for what, moment in moments if moment is not None]
    if run.error:
        facts.append(("Error", run.error))
    if run.attempt > 1:
        facts.append(("Attempts", str(run.attempt)))
    return Story(
        name=run.job,
        facts=tuple(facts),
        lines=tuple(_last_lines(run.pk)) if with_lines else (),
        advice="",
        steps=((f"Run {run.pk}", address(f"runs/{run.pk}/")),) if conf.JOBS_URL else (),
    )


def zone_of(job: Job | None) -> ZoneInfo:
    return job.schedule.zone if job is not None and job.schedule is not None else UTC


def _facts(incident: Incident, job: Job | None) -> list[tuple[str, str]]:
    zone = zone_of(job)
    found = [("Since", wording.when(incident.opened_at, zone))]
    if incident.resolved_at is not None:
        found.append(("Over", wording.when(incident.resolved_at, zone)))
    if incident.detail:
        found.append(("What", incident.detail))
    if incident.error:
        found.append(("Error", incident.error))
    if incident.count > 1 and incident.job:
        found.append(("Found", counted(incident.count, "time")))
    if incident.acknowledged_at is not None:
        note = f": {incident.acknowledged_note}" if incident.acknowledged_note else ""
        found.append(("Works on it", f"{incident.acknowledged_by}{note}"))
    if job is not None and job.owner:
        found.append(("Owner", job.owner))
    return found


def _last_lines(run_id: int | None) -> list[str]:
    """The end of what the run wrote. Secrets were masked before it was stored."""
    if run_id is None:
        return []
    try:
        found = window.before(run_id, limit=READ)
    except (UnknownRun, UnknownAttempt):  # it has gone
        return []
    text = b"".join(data for data, _ in found.parts()).decode(errors="replace")
    lines = [plain(line).rstrip() for line in as_shown(text).splitlines()]
    return [shorten(line, WIDEST) for line in lines if line.strip()][-LINES:]


def _steps(incident: Incident, job: Job | None) -> list[tuple[str, str]]:
    """What to do. A resolved incident asks for nothing."""
    found: list[tuple[str, str]] = []
    is_over = incident.resolved_at is not None
    if job is not None and job.runbook and not is_over:
        found.append(("Runbook", job.runbook))
    if conf.JOBS_URL and incident.last_run_id:
        found.append((f"Run {incident.last_run_id}", address(f"runs/{incident.last_run_id}/")))
    if (not is_over or not incident.job) and (command := wording.command(incident)):
        found.append(("On the server", f"manage.py {command}"))
        found.append(("From anywhere", f"nightshift {command}"))
    if conf.JOBS_URL:
        found.append((f"Incident {incident.pk}", address(f"incidents/{incident.pk}/")))
    return found


def address(path: str) -> str:
    """A page of the dashboard; empty where JOBS_URL doesn't say where that is."""
    return f"{conf.JOBS_URL.rstrip('/')}/{path}" if conf.JOBS_URL else ""
