"""What alerts cost a run's end: one that nobody is to hear of, and one that opens an incident or ends it."""

from collections.abc import Callable
from functools import partial
from itertools import cycle

from benchmarks.database import postgresql, statements
from benchmarks.harness import Figure, Result, Row, Side, rounds
from jobs import declare
from jobs.choices import AttemptStatus
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, instance, judging, sessions
from jobs.ledger.attempts import Outcome
from jobs.ledger.claims import Claim
from jobs.models import Incident, Run
from tests.helpers.commits import commits
from tests.helpers.rows import a_queued_run

TIMES = 50
JOB = "ends"
SUCCESS = Outcome(status=AttemptStatus.SUCCEEDED, exit_code=0)
FAILURE = Outcome(status=AttemptStatus.FAILED, exit_code=1, error="ValueError: the third row is wrong")

_claimed: list[Claim] = []


def measure() -> list[Result]:
    # As the threads of a worker do.
    with registry.isolated(), sessions.ours():
        declare(JOB, command="noop")
        try:
            return [_measure()]
        finally:
            Run.objects.filter(job=JOB).delete()
            Incident.objects.filter(job=JOB).delete()


def _measure() -> Result:
    good, in_turn = partial(end, lambda: SUCCESS), cycle([FAILURE, SUCCESS]).__next__
    rows = [
        _compared("a success, of which nobody is to hear", good),
        _compared("a failure that opens an incident and a success that ends it, in turn", partial(end, in_turn)),
    ]
    asked = {True: statements(_claimed_first(good)), False: statements(_without(_claimed_first(good)))}
    fails = _claimed_first(partial(end, lambda: FAILURE))
    failing = {True: statements(fails), False: statements(_without(fails))}
    more, more_failing = asked[True] - asked[False], failing[True] - failing[False]
    committed = _commits(good), _commits(partial(end, lambda: FAILURE))
    return Result(
        row=19,
        figures=[
            Figure(f"a success: {more} statements more", "0", more == 0),
            Figure(f"an incident: {more_failing} more", "1", more_failing == 1),
            Figure(f"{max(committed)} commit each", "1", max(committed) == 1),
            rows[0].figure(rows[0].by_wall(), 1.1, "a success, by the clock"),
        ],
        compared=rows,
        notes=[
            "`attempts.finish` of a run that was claimed before, PostgreSQL's CPU included. Without alerts the same "
            "code leaves the judging out, and with it the look for incidents that a success ends.",
            "`tests/ledger/test_incidents.py` holds ends to their statements.",
        ],
    )


def _compared(what: str, work: Callable[[], None]) -> Row:
    ours, theirs = rounds(
        Side(work=work, times=TIMES, prepare=claim_all, helpers=postgresql),
        Side(work=_without(work), times=TIMES, prepare=claim_all, helpers=postgresql),
    )
    return Row(what=what, yardstick="the same without alerts", ours=ours, theirs=theirs)


def _without(work: Callable[[], None]) -> Callable[[], None]:
    def without() -> None:
        with judging.left_out():
            work()

    return without


def _commits(work: Callable[[], None]) -> int:
    claim_all()
    return commits(work)


def _claimed_first(work: Callable[[], None]) -> Callable[[], None]:
    claim_all()
    return work


def claim_all() -> None:
    """Have as many runs at work as a turn ends."""
    _claimed.clear()
    Run.objects.filter(job=JOB, status="running").delete()
    for _ in range(TIMES):
        claim = claims.claim(a_queued_run(JOB, exclusive=False).pk, instance.current())
        assert claim is not None
        _claimed.append(claim)


def end(outcome: Callable[[], Outcome]) -> None:
    assert attempts.finish(_claimed.pop(), outcome()) is not None
