"""A run until it has ended: what it writes, live, or in silence."""

import time

from jobs import terminal
from jobs.choices import Status
from jobs.commandline.ledger import Ledger, Refusal
from jobs.commandline.out import Colour, Out
from jobs.commandline.run_ends import failure, success


def follow(ledger: Ledger, out: Out, run: int, *, silently: bool = False, after: str | None = None) -> None:
    """Wait until the run has ended, retries included, and show what it writes from a place on.

    Raises Refusal with the job's exit code where it didn't succeed, and with that of the signal where one came.
    """
    with terminal.ends_as_ctrl_c():
        try:
            is_read = _follow(ledger, out, run, silently, after)
        except KeyboardInterrupt as asked:
            raise Refusal(
                f"No longer following. The run goes on: `{ledger.program} follow {run}` shows it again, "
                f"`{ledger.program} cancel {run}` cancels it.",
                code=getattr(asked, "exit_code", 130),
            ) from None
    if not is_read:
        return
    ended = ledger.run(run)
    if ended["status"] != Status.SUCCEEDED:
        raise Refusal(failure(ended, ledger.now()), code=ledger.exit_code(run) or 1)
    out.remark(success(ended), Colour.GREEN)


def _follow(ledger: Ledger, out: Out, run: int, silently: bool, after: str | None) -> bool:
    """Whether somebody read to the end."""
    begun = ledger.run(run)
    attempt = max(begun["attempt"], 1)
    after, said = after or f"{attempt}.0.0", ""
    while True:
        piece = ledger.read(run, after)
        if piece.attempt > attempt:
            out.remark(f"Attempt {piece.attempt} of run {run} of {begun['job']}:")
            attempt = piece.attempt
        if not silently and not all(out.show(data, is_stderr) for data, is_stderr in piece.parts):
            return False
        if piece.retry_after is None:
            for note in piece.notes:
                out.remark(note)
            return True
        if piece.status == Status.QUEUED and piece.retry_after and (why := _why_it_waits(ledger, run)) != said:
            out.remark(why)
            said = why
        time.sleep(piece.retry_after)
        after = piece.next


def _why_it_waits(ledger: Ledger, run: int) -> str:
    found = ledger.run(run)
    if found["attempt"] and found["error"]:
        return failure(found, ledger.now())
    why = ledger.waits_for(run)
    return f"Run {run} of {found['job']} is queued{f': {why}' if why else '.'}"
