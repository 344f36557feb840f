"""A run until it has ended: what it writes, live, or in silence."""

import time
from collections.abc import Callable, Sequence

from jobs import terminal
from jobs.choices import Status
from jobs.commandline.ledger import Facts, Ledger, Refusal
from jobs.commandline.out import Colour, Out
from jobs.commandline.run_ends import failure, success

# Given the bytes and whether stderr wrote them: whether anybody still reads.
type Show = Callable[[bytes, bool], bool]


def follow(ledger: Ledger, out: Out, run: int, show: Show, after: str | None = None) -> None:
    """Watch the run until it has ended. Raises Refusal with the job's exit code where it didn't succeed."""
    if not watch(ledger, out, run, show, after):
        return
    ended = ledger.run(run)
    if ended["status"] != Status.SUCCEEDED:
        raise Refusal(failure(ended, ledger.now()), code=ledger.exit_code(run) or 1)
    out.remark(success(ended), Colour.GREEN)


def silence(data: bytes, is_stderr: bool) -> bool:
    """Show nothing."""
    return True


def watch(ledger: Ledger, out: Out, run: int, show: Show, after: str | None = None) -> bool:
    """Show what the run writes after a place, its latest attempt's unless named, until it has ended, retries included.

    Gives whether somebody read to the end. Raises Refusal, after Ctrl-C with the exit code for it.
    """
    with terminal.ends_as_ctrl_c():
        try:
            return _watch(ledger, out, run, show, after)
        except KeyboardInterrupt as asked:
            raise Refusal(
                f"No longer following. The run goes on: `{ledger.program} follow {run}` shows it again, "
                f"`{ledger.program} cancel {run}` cancels it.",
                code=getattr(asked, "exit_code", 130),
            ) from None


def _watch(ledger: Ledger, out: Out, run: int, show: Show, after: str | None) -> bool:
    begun = ledger.run(run)
    after, said = after or f"{max(begun['attempt'], 1)}.0.0", ""
    attempt = int(after.partition(".")[0])
    notes: Sequence[str] = ()
    while True:
        piece = ledger.read(run, after)
        if piece.attempt > attempt:
            _remark(out, notes)
            out.remark(f"Attempt {piece.attempt} of run {run} of {begun['job']}:")
            attempt = piece.attempt
        if not all(show(data, is_stderr) for data, is_stderr in piece.parts):
            return False
        if piece.retry_after is None:
            _remark(out, piece.notes)
            return True
        if piece.status == Status.QUEUED and piece.retry_after and (why := _why_it_waits(ledger, run)) != said:
            out.remark(why)
            said = why
        time.sleep(piece.retry_after)
        after, notes = piece.next, piece.notes


def _remark(out: Out, notes: Sequence[str]) -> None:
    for note in notes:
        out.remark(note)


def _why_it_waits(ledger: Ledger, run: int) -> str:
    found = ledger.run(run)
    return failure(found, ledger.now()) if found["attempt"] else waiting(ledger, found)


def waiting(ledger: Ledger, run: Facts) -> str:
    """That a run is queued, and what for."""
    why = ledger.waits_for(run["id"])
    return f"Run {run['id']} of {run['job']} is queued{f': {why}' if why else '.'}"
