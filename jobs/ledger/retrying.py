"""A run that has ended is asked for once more: a run of its own, which points at the one that it retries."""

from collections.abc import Sequence

from jobs.choices import ENDED, Trigger
from jobs.ledger import triggers
from jobs.ledger.idempotency import Key
from jobs.models import Run
from jobs.sentences import Sentence


class UnknownRun(Sentence, LookupError):
    """There is no run {id}. `manage.py runs` lists the latest ones."""

    def __init__(self, run_id: int) -> None:
        super().__init__(id=run_id)


class StillActive(Sentence, ValueError):
    """Run {run.pk} of {run.job} is {run.status}. Retry it when it has ended; `manage.py cancel {run.pk}` ends it."""

    def __init__(self, run: Run) -> None:
        super().__init__(run=run)


def retry(
    run_id: int,
    words: Sequence[str] | None = None,
    *,
    requested_by: str,
    trigger: Trigger = Trigger.MANUAL,
    yields: bool = False,
    key: Key | None = None,
    ring: bool = True,
) -> Run:
    """Ask for a new run of an ended run's job: with its arguments, or with others. It has the run's labels.

    It is for no occurrence: that has its run already, and `explain` names the retry beside it. With `yields` it waits
    for its turn, as repairs do; else it is queued or skipped by the job's overlap policy.

    Raises UnknownRun, StillActive, and what `triggers.request` raises.
    """
    run = Run.objects.filter(pk=run_id).first()
    if run is None:
        raise UnknownRun(run_id)
    if run.status not in ENDED:
        raise StillActive(run)
    return triggers.request(
        run.job,
        run.arguments if words is None else words,
        trigger=trigger,
        requested_by=requested_by,
        labels=run.labels,
        retry_of=run_id,
        yields=yields,
        key=key,
        ring=ring,
    )
