"""The ledger of this project, by its database."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Concatenate
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.commandline.ledger import Facts, Filter, Following, Ledger, Piece, Refusal, Terms, Which
from jobs.declarations import alert_text
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import registry
from jobs.formats import local_time, utc_time
from jobs.ledger import holds, in_force, interventions, obstacles, sql, states
from jobs.ledger.missed import NothingNamed
from jobs.management.here_channels import channel_facts, switch_channel_on, tried_facts
from jobs.management.here_facts import day_of, gap_facts, held_facts, job_facts, note_facts
from jobs.management.operator import operator
from jobs.management.schedules import scheduled
from jobs.models import Attempt, Gap, Incident, Run
from jobs.reading import facts, incident_timeline, incidents, keyset, notes, trials, upcoming
from jobs.reading.audit import Question, audit, event_facts
from jobs.reading.explain import explain, zone_of
from jobs.reading.incidents import Wanted
from jobs.reading.output import window
from jobs.reading.output.cursor import Cursor
from jobs.reading.output.window import Window
from jobs.reading.overview import overview, run_facts
from jobs.reading.presets import preset_facts
from jobs.reading.transcript import UnknownRun, output_of, pieces
from jobs.sentences import Sentence
from jobs.verbs.cancel import cancel
from jobs.verbs.hold import end_hold, hold
from jobs.verbs.incident import acknowledge, resolve, snooze
from jobs.verbs.missed import preview_missed, run_missed
from jobs.verbs.note import note_on_day, note_on_job, note_on_run
from jobs.verbs.override import end_override, override
from jobs.verbs.pause import pause, resume
from jobs.verbs.preset import delete_preset, preset_words, presets_of, save_preset
from jobs.verbs.retry import retry
from jobs.verbs.start import start

# After how many seconds a database that can't be reached is asked again.
AWAY = 2
# What has a sentence for whoever asked.
REFUSALS = (
    Sentence,
    BrokenCommand,
    InvalidArguments,
    NothingNamed,
    UnknownCommand,
    interventions.NothingToOverride,
)


def _refusing[**P, R](method: Callable[Concatenate["Here", P], R]) -> Callable[Concatenate["Here", P], R]:
    @wraps(method)
    def asked(self: "Here", /, *arguments: P.args, **options: P.kwargs) -> R:
        try:
            return method(self, *arguments, **options)
        except REFUSALS as error:
            raise Refusal(str(error)) from None

    return asked


class Here(Ledger):
    """Whoever may run manage.py has the database's password, and may do everything."""

    program = "manage.py"

    def __init__(self, say: Callable[[str], object] = lambda sentence: None) -> None:
        """`say` gets a sentence when the database can't be reached, and is asked again."""
        self._say = say
        self.actor = Actor.of_shell(operator())

    def now(self) -> datetime:
        return timezone.localtime()

    def clock(self) -> datetime:
        return states.clock()

    def jobs(self) -> list[Facts]:
        return [job_facts(row) for row in overview()]

    @_refusing
    def job(self, name: str) -> Facts:
        return job_facts(overview([name])[0])

    def names(self) -> list[str]:
        return list(registry)

    @_refusing
    def zone(self, job: str) -> ZoneInfo:
        return zone_of(interventions.declared_or_left(job))

    @_refusing
    def runs(self, job: str | None, status: str | None, pinned: bool, limit: int) -> list[Facts]:
        if pinned:  # few: they have an index of their own
            chosen = {name: value for name, value in (("job", job), ("status", status)) if value}
            found = list(Run.objects.filter(pinned=True, **chosen).latest_first()[:limit])
        else:
            found = list(keyset.runs(Run.objects.all(), job, status)[:limit])
        # A job that is declared no more may have runs still.
        if job and not found and job not in registry and not Run.objects.filter(job=job).exists():
            registry[job]
        return [run_facts(run) for run in found]

    @_refusing
    def run(self, id: int) -> Facts:
        found = Run.objects.filter(pk=id).first()
        if found is None:
            raise UnknownRun(id)
        return run_facts(found)

    @_refusing
    def start(self, job: str, words: list[str] | None, not_before: datetime | None, terms: Terms) -> Facts:
        return run_facts(self.queue(job, words, terms, not_before, ring=True))

    @_refusing
    def queue(
        self,
        job: str,
        words: list[str] | None,
        terms: Terms,
        not_before: datetime | None = None,
        *,
        ring: bool = False,
    ) -> Run:
        """The same, and the host isn't called unless `ring` says so: the run is for this process."""
        given = terms._asdict()
        if preset := given.pop("preset"):
            words = preset_words(self.actor, job, preset, words or ())
        try:
            return start(self.actor, job, words, not_before=not_before, ring=ring, **given)
        except InvalidArguments as error:
            raise Refusal(f"{job} doesn't accept these arguments: {error}") from None

    @_refusing
    def read(self, run: int, after: str) -> Piece:
        found = self._window(run, Cursor.of(after))
        number = found.attempt.number if found.attempt else 0
        return Piece(number, list(found.parts()), str(found.next), found.run.status, found.retry_after, found.notes())

    def _window(self, run: int, place: Cursor) -> Window:
        while True:
            try:
                return window.after(run, place)
            except sql.AWAY as error:
                self._say(f"The database can't be reached, trying again: {str(error).strip().partition(chr(10))[0]}")
                connection.close()
                time.sleep(AWAY)

    @_refusing
    def output(self, run: int, attempt: int | None, stderr_only: bool) -> Iterator[bytes]:
        return pieces(output_of(run, attempt), stderr_only=stderr_only)

    def waits_for(self, run: int) -> str:
        found, job = obstacles.obstacle(run), registry.get(self.run(run)["job"])
        return found.sentence(partial(local_time, zone=zone_of(job)) if job else utc_time) if found else ""

    def exit_code(self, run: int) -> int:
        codes = Attempt.objects.filter(run=run).order_by("-number").values_list("exit_code", flat=True)
        return codes.first() or 0

    @_refusing
    def cancel(self, run: int, reason: str) -> Facts:
        cancel(self.actor, run, reason=reason)
        return self.run(run)

    @_refusing
    def pause(self, job: str, reason: str, until: datetime | None) -> None:
        pause(self.actor, job, reason=reason, until=until)

    @_refusing
    def resume(self, job: str) -> None:
        resume(self.actor, job)

    @_refusing
    def override(
        self,
        job: str,
        schedule: str,
        time_zone: str,
        words: list[str] | None,
        reason: str,
        until: datetime | None,
    ) -> None:
        override(self.actor, job, schedule=schedule, time_zone=time_zone, words=words, reason=reason, until=until)

    @_refusing
    def end_override(self, job: str) -> None:
        end_override(self.actor, job)

    def upcoming(self, hours: int, fold: int | None) -> list[Facts]:
        now = states.clock()
        current, until = in_force.by_job(at=now), now + timedelta(hours=hours)
        return facts.coming(upcoming.upcoming(registry.values(), now, until, fold, current))

    def following(self, job: str, count: int) -> Following:
        scheduled(job)
        found = facts.following(registry[job], count, states.clock())
        return Following(found["in_words"], found["time_zone"], found["results"])

    @_refusing
    def explain(self, job: str, at: datetime | None) -> Facts:
        return facts.explanation(explain(registry[job], at, states.clock()))

    def audit(self, which: Filter, limit: int) -> tuple[list[Facts], bool]:
        found = audit(Question(**which._asdict()), limit)
        return [event_facts(event) for event in found.events], found.is_partial

    @_refusing
    def retry(self, run: int, words: list[str] | None, confirm: str) -> Facts:
        try:
            return run_facts(retry(self.actor, run, words, confirm=confirm))
        except InvalidArguments as error:
            raise Refusal(f"Run {run} can't be retried with these arguments: {error}") from None

    @_refusing
    def presets(self, job: str) -> list[Facts]:
        return [preset_facts(each) for each in presets_of(self.actor, job)]

    @_refusing
    def save_preset(self, job: str, name: str, words: list[str] | None) -> Facts:
        try:
            return preset_facts(save_preset(self.actor, job, name, words))
        except InvalidArguments as error:
            raise Refusal(f"{job} doesn't accept these arguments: {error}") from None

    @_refusing
    def delete_preset(self, job: str, name: str) -> None:
        delete_preset(self.actor, job, name)

    @_refusing
    def gaps(self, job: str | None, limit: int) -> list[Facts]:
        newest = keyset.by_index(Gap.objects.all(), job=job) if job else Gap.objects.order_by("-pk")
        found = list(newest[:limit])
        if job and not found:
            registry[job]
        return [gap_facts(gap) for gap in found]

    @_refusing
    def missed(self, job: str, which: Which) -> Facts:
        found = preview_missed(self.actor, job, **which._asdict())
        with_run = [{"occurrence": each.occurrence, "run": each.run_id} for each in found.with_run]
        return {"job": job, "count": found.count, "occurrences": found.occurrences, "with_run": with_run}

    @_refusing
    def run_missed(self, job: str, which: Which, note: str, confirm: str) -> list[Facts]:
        done = run_missed(self.actor, job, **which._asdict(), note=note, confirm=confirm)
        return [{"occurrence": moment, "run": run} for moment, run in sorted(done.runs.items())]

    def hold(self) -> Facts:
        return held_facts(holds.latest())

    @_refusing
    def begin_hold(self, reason: str, until: datetime | None, all_starts: bool) -> Facts:
        return held_facts(hold(self.actor, reason=reason, until=until, all_starts=all_starts))

    @_refusing
    def end_hold(self) -> Facts:
        return held_facts(end_hold(self.actor))

    @_refusing
    def notes(self, subject: int | str) -> list[Facts]:
        if isinstance(subject, int):
            return [note_facts(note) for note in notes.of_run(subject)]
        if day := day_of(subject):
            return [note_facts(note) for note in notes.of_day(day)]
        found = notes.of_job(subject)
        if not found:
            registry[subject]
        return [note_facts(note) for note in found]

    @_refusing
    def note(self, subject: int | str, text: str) -> None:
        if isinstance(subject, int):
            note_on_run(self.actor, subject, text)
        elif day := day_of(subject):
            note_on_day(self.actor, day, text)
        else:
            note_on_job(self.actor, subject, text)

    @_refusing
    def incidents(self, job: str | None, causes: Sequence[str], is_open: bool | None, limit: int) -> list[Facts]:
        wanted = Wanted(named=[job] if job else None, causes=causes, is_open=is_open)
        found = incidents.page(wanted, limit).incidents
        if job and not found and job not in registry and not Incident.objects.of(job).exists():
            registry[job]
        return [incident_timeline.facts(each) for each in found]

    @_refusing
    def incident(self, id: int) -> Facts:
        return incident_timeline.story(incidents.incident_of(self.actor, id))

    @_refusing
    def acknowledge(self, incident: int, note: str) -> None:
        acknowledge(self.actor, incident, note=note)

    @_refusing
    def snooze(self, incident: int, until: datetime | None) -> None:
        snooze(self.actor, incident, until)

    @_refusing
    def resolve(self, incident: int, note: str) -> None:
        resolve(self.actor, incident, note=note)

    def channels(self) -> list[Facts]:
        return channel_facts()

    @_refusing
    def test_channel(self, name: str) -> Facts:
        return tried_facts(self.actor, name)

    @_refusing
    def switch_channel_on(self, name: str) -> None:
        switch_channel_on(self.actor, name)

    @_refusing
    def try_rule(self, job: str, rule: str) -> Facts:
        return trials.facts(trials.try_rule(registry[job], alert_text.read(rule), states.clock()))
