"""Hold everything: from now on no job starts by itself, until the hold's end.

Occurrences in that time become gaps with the reason `held`, and what is queued waits: `obstacles` has the rule, and a
person may start a run in spite of it. Afterwards `missed` runs what the hold swallowed, job by job, if you ask it to.
"""

from datetime import datetime

from django.db.models import F

from jobs.choices import EventKind, InterventionKind, Reason
from jobs.conf import conf
from jobs.declarations.registry import registry
from jobs.formats import utc_time
from jobs.ledger import claims, doorbell, events, in_force, sql, states
from jobs.ledger.doorbell import Ring
from jobs.ledger.in_force import EVERYTHING
from jobs.ledger.sessions import ledger_transaction
from jobs.ledger.settle import settle
from jobs.models import Gap, Intervention
from jobs.sentences import Sentence


class AlreadyHeld(Sentence, ValueError):
    """Everything is held already, by {by}{why}. End that hold first, or leave it so."""

    def __init__(self, hold: Intervention) -> None:
        super().__init__(by=hold.by, why=f": {hold.reason}" if hold.reason else "")


class HoldEndsInThePast(Sentence, ValueError):
    """The hold would end at {until}, which has passed. Give an end that lies ahead."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until=until.isoformat())


class NotHeld(Sentence, ValueError):
    """Nothing is held. `manage.py drift --history` shows former holds."""


def hold(*, by: str, reason: str, until: datetime | None = None, all_starts: bool = False) -> Intervention:
    """From now on let no occurrence and no step of one start; with `all_starts` nothing that anybody asks for either.

    What runs already goes on. Raises AlreadyHeld or HoldEndsInThePast.
    """
    with ledger_transaction():
        _lock_all()
        clock = states.clock()
        if held := in_force.hold(clock):
            raise AlreadyHeld(held)
        if until is not None and until <= clock:
            raise HoldEndsInThePast(until)
        # One whose own end has passed may still be open: nobody has settled a job since.
        former = Intervention.objects.open().filter(job=EVERYTHING, kind=InterventionKind.HOLD)
        former.update(ended_at=F("until"))
        begun = Intervention.objects.create(
            job=EVERYTHING,
            kind=InterventionKind.HOLD,
            by=by,
            reason=reason,
            began_at=clock,
            until=until,
            all_starts=all_starts,
        )
        what = "Everything" if all_starts else "Everything that starts by itself"
        end = f" until {utc_time(until)}" if until else ""
        message = f"{what} is held by {by}{end}{f': {reason}' if reason else '.'}"
        after = {"until": until and until.isoformat(), "all_starts": all_starts}
        events.record(EventKind.HELD, message, by=by, reason=reason, after=after)
    return begun


def end_hold(*, by: str) -> Intervention:
    """Let jobs start by themselves again. What was swallowed stays skipped: `swallowed` lists it. Raises NotHeld."""
    # As long as the hold is in force: so all that was due in it is recorded when it ends.
    settle(registry.scheduled(), skip_locked=True, as_recorded=True)
    with ledger_transaction():
        _lock_all()
        clock = states.clock()
        held = in_force.hold(clock)
        if held is None:
            raise NotHeld
        held.ended_at, held.ended_by = max(clock, held.began_at), by
        held.save(update_fields=["ended_at", "ended_by"])
        before = {"by": held.by, "reason": held.reason, "until": held.until and held.until.isoformat()}
        events.record(EventKind.HOLD_ENDED, f"{by} ended the hold by {held.by}.", by=by, before=before)
    doorbell.ring_all(Ring(run_id=run) for run in claims.next_ready(conf.JOBS_MAX_RUNNING))
    return held


def swallowed(hold: Intervention) -> list[Gap]:
    """The gaps that the hold has made, by their jobs: what didn't run, and can be run now (`missed`)."""
    found = Gap.objects.filter(reason=Reason.HELD, last__gte=hold.began_at).order_by("job", "first")
    return list(found if hold.end is None else found.filter(first__lt=hold.end))


def latest() -> Intervention | None:
    """The hold that is in force or was last."""
    return Intervention.objects.filter(job=EVERYTHING, kind=InterventionKind.HOLD).order_by("-began_at").first()


def _lock_all() -> None:
    """Hold the locks of all jobs, in the order of their names, and change their rows: whoever waits reads again."""
    sql.execute(
        """
        WITH held AS (SELECT job FROM nightshift_jobstate ORDER BY job FOR UPDATE)
        UPDATE nightshift_jobstate s SET job = s.job FROM held WHERE s.job = held.job
        """
    )
