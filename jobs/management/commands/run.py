"""`manage.py run JOB [ARGS…]`: run a job now, by hand."""

import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandError
from django.db import connections

from jobs import terminal
from jobs.choices import Status
from jobs.commandline.following import follow, silence, waiting
from jobs.commandline.ledger import Refusal, Terms
from jobs.commandline.out import Colour
from jobs.commandline.run_ends import failure, success
from jobs.commandline.verbs.run import AFTER_JOB, Words, own, split, terms
from jobs.commandline.verbs.run import Run as RunAfar
from jobs.execution.echo import Echo
from jobs.execution.worker import this_worker
from jobs.ledger import doorbell, sessions, triggers
from jobs.management.here import Here
from jobs.management.operator import operator
from jobs.management.printing import write_patiently
from jobs.management.verb_command import VerbCommand
from jobs.models import Run

# Where an attempt's output ends, however much it is.
END = 999_999_999


class Command(VerbCommand):
    verb = RunAfar()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Before Django takes the streams.
        terminal.open_missing_streams()
        super().__init__(*arguments, **options)

    # What a shell expects where a signal asked for the end: 130 after Ctrl-C.
    asked = 0

    def handle(self, *, words: list[str], at: str | None = None, **options: Any) -> None:
        try:
            typed, chosen = split(words), own(words, options)
            if at is not None or "--detach" in chosen:
                super().handle(words=words, at=at, **options)
            else:
                self._run_here(Here(self.out.remark), typed, chosen, terms(options))
        except Refusal as refusal:
            raise CommandError(str(refusal), returncode=self.asked or refusal.code) from None

    def _run_here(self, ledger: Here, typed: Words, chosen: frozenset[str], wanted: Terms) -> None:
        """Execute it in this process. What can't start now, or is retried, is the host's."""
        run = ledger.queue(typed.job, typed.arguments, wanted)
        if run.status == Status.SKIPPED:
            raise Refusal(f"Run {run.pk} of {run.job} was skipped. {run.error}")
        is_shown = "--wait" not in chosen
        status = self._execute(run, is_shown)
        run.refresh_from_db()
        facts = ledger.run(run.pk)
        if status is Status.SUCCEEDED:
            # Beside the job's own output, not in it.
            self.out.remark(success(facts), Colour.GREEN)
            return
        if status is None:
            self._leave(ledger, run)
        elif not chosen or run.status != Status.QUEUED or self.asked:
            raise Refusal(failure(facts, ledger.now()), code=ledger.exit_code(run.pk) or 1)
        if chosen:
            after = f"{run.attempt}.{END}.0" if status else None
            follow(ledger, self.out, run.pk, self.out.show if is_shown else silence, after)

    def _execute(self, run: Run, is_shown: bool) -> Status | None:
        """Execute the run in a thread, so that this one is free to hear Ctrl-C, which cancels it."""
        ended: Future[Status | None] = Future()
        echo = Echo(lambda data, is_stderr: self._show(echo, data, is_stderr) if is_shown else None)
        thread = threading.Thread(target=self._supervise, args=(run.pk, echo, ended), name=f"run-{run.pk}", daemon=True)
        with terminal.ends_as_ctrl_c():
            thread.start()
            while True:
                try:
                    return ended.result()
                except KeyboardInterrupt as asked:
                    self.asked = getattr(asked, "exit_code", 130)
                    echo.hurry()
                    # Before it is said: nobody may read that.
                    triggers.cancel(run.pk, operator())
                    with suppress(OSError):  # the terminal was closed
                        self.stderr.write(f"Cancelling run {run.pk} of {run.job} …")

    def _supervise(self, run: int, echo: Echo, ended: Future[Status | None]) -> None:
        try:
            with sessions.ours():
                status = this_worker.execute(run, echo=echo)
            echo.drain()
            ended.set_result(status)
        except BaseException as error:  # noqa: BLE001 — the thread that waits raises it
            ended.set_exception(error)
        finally:
            connections.close_all()

    def _show(self, echo: Echo, data: bytes, is_stderr: bool) -> None:
        write_patiently(sys.stderr if is_stderr else sys.stdout, data, lambda: echo.is_given_up)

    def _leave(self, ledger: Here, run: Run) -> None:
        """Leave a run that can't start now to the host, and say what it is waiting for."""
        if run.status != Status.QUEUED:
            self.out.remark(
                f"Run {run.pk} of {run.job} was picked up by another executor. "
                f"`manage.py follow {run.pk}` shows what it writes."
            )
            return
        doorbell.ring(run.pk)
        self.out.remark(f"{waiting(ledger, ledger.run(run.pk))} The host starts it then.")


Command.help = f"Run a job now, in this process, and exit with its exit code. {AFTER_JOB}"
