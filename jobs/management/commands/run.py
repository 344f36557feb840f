"""`manage.py run JOB [ARGS…]`: run a job now, by hand."""

import argparse
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import connections
from django.utils import timezone

from jobs import terminal
from jobs.choices import Status, Trigger
from jobs.commandline.out import Colour
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import UnknownJob, registry
from jobs.execution.echo import Echo
from jobs.execution.worker import this_worker
from jobs.formats import clock, format_duration, local_time
from jobs.ledger import doorbell, obstacles, sessions, states, triggers
from jobs.ledger.run_labels import BadLabel, TooManyLabels
from jobs.management.ledger_command import LedgerCommand
from jobs.management.moments import UnreadableEnd, end
from jobs.management.operator import operator
from jobs.management.printing import write_patiently
from jobs.models import Attempt, Run
from jobs.reading.explain import zone_of


class Command(LedgerCommand):
    help = (
        "Run a job now, in this process, and exit with its exit code. ARGS, if given, replace the declared arguments. "
        "Everything after JOB is passed to the job, except --detach; after JOB -- that is passed too. "
        "JOB -- alone runs the job without arguments."
    )
    missing_args_message = "Give a job's name: `manage.py run clearsessions`. `manage.py jobs` lists them."

    def __init__(self, *arguments: Any, **options: Any) -> None:
        # Before Django takes the streams.
        terminal.open_missing_streams()
        super().__init__(*arguments, **options)

    # What a shell expects where a signal asked for the end: 130 after Ctrl-C.
    asked = 0
    labels: Sequence[str] = ()
    despite_hold = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.usage = "%(prog)s [--detach] [--at WHEN] [--label LABEL] [--despite-hold] JOB [--] [ARGS ...]"
        parser.add_argument("--detach", action="store_true", help="Only queue the run, and let the host execute it.")
        parser.add_argument(
            "--at", metavar="WHEN", help="Run it later: 30m, 2h, or a time in the job's time zone, 2026-01-31T02:00."
        )
        parser.add_argument(
            "--label", action="append", default=[], dest="labels", help="Give the run a label; may be given again."
        )
        parser.add_argument("--despite-hold", action="store_true", help="Run it also while everything is held.")
        # One list, since argparse would take a `--` out between the job and its arguments.
        parser.add_argument(
            "words", nargs=argparse.REMAINDER, metavar="JOB [ARGS …]", help="The job and its arguments."
        )

    def handle(self, *, words: list[str], detach: bool, at: str | None = None, **options: Any) -> None:
        if not words:
            raise CommandError(self.missing_args_message)
        job, arguments, detach_said = split(words)
        self.labels, self.despite_hold = options.get("labels") or [], bool(options.get("despite_hold"))
        if at is not None:
            later = self._moment(job, at)
            run = self._request(job, arguments, detach=True, not_before=later)
            due = f"{later.astimezone(zone_of(registry[job])):%Y-%m-%d %H:%M:%S %Z}"
            self.stdout.write(f"Run {run.pk} of {job} is queued for {due}. `manage.py cancel {run.pk}` cancels it.")
            return
        run = self._request(job, arguments, detach or detach_said)
        if run.status == Status.SKIPPED:
            raise CommandError(f"Run {run.pk} of {job} was skipped. {run.error}")
        if detach or detach_said:
            self.stdout.write(f"Run {run.pk} of {job} is queued. `manage.py output {run.pk}` shows what it writes.")
            return
        status = self._execute(run)
        run.refresh_from_db()
        if status is None:
            self._leave(run)
        elif status is not Status.SUCCEEDED:
            raise CommandError(_failure(run), returncode=self.asked or _exit_code(run))
        else:
            # Beside the job's own output, not in it.
            self.out.remark(f"Run {run.pk} of {job} succeeded in {format_duration(run.duration)}.", Colour.GREEN)

    def _moment(self, job: str, at: str) -> datetime:
        """When to run it. Raises CommandError if that has passed, or can't be read."""
        now = states.clock()
        try:
            later = end(at, zone_of(registry[job]), now)
        except UnknownJob as error:
            raise CommandError(str(error)) from None
        except UnreadableEnd as error:
            raise CommandError(f"--at: {error}") from None
        if later <= now:
            raise CommandError(f"--at: {at} has passed. Give a time in the future, or omit --at.")
        return later

    def _request(self, job: str, arguments: list[str] | None, detach: bool, not_before: datetime | None = None) -> Run:
        try:
            return triggers.request(
                job,
                arguments,
                trigger=Trigger.MANUAL,
                requested_by=operator(),
                not_before=not_before,
                labels=self.labels,
                despite_hold=self.despite_hold,
                ring=detach,
            )
        except InvalidArguments as error:
            raise CommandError(f"{job} doesn't accept these arguments: {error}") from None
        except (UnknownJob, UnknownCommand, BrokenCommand, BadLabel, TooManyLabels) as error:
            raise CommandError(str(error)) from None

    def _execute(self, run: Run) -> Status | None:
        """Execute the run in a thread, so that this one is free to hear Ctrl-C, which cancels it."""
        ended: Future[Status | None] = Future()
        echo = Echo(lambda data, is_stderr: self._show(echo, data, is_stderr))
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

    def _leave(self, run: Run) -> None:
        """Leave a run that can't start now to the host, and say what it is waiting for."""
        name = f"Run {run.pk} of {run.job}"
        if run.status != Status.QUEUED:
            self.stderr.write(
                f"{name} was picked up by another executor. `manage.py output {run.pk}` shows what it writes."
            )
            return
        doorbell.ring(run.pk)
        found = obstacles.obstacle(run.pk)
        why = f": {found.sentence(partial(local_time, zone=zone_of(registry[run.job])))}" if found else "."
        self.stderr.write(f"{name} is queued{why} The host starts it then.")


def split(words: Sequence[str]) -> tuple[str, list[str] | None, bool]:
    """The job, its arguments (None: those declared), and whether --detach stood among them."""
    job, *rest = words
    if rest[:1] == ["--"]:
        return job, rest[1:], False
    end = rest.index("--") if "--" in rest else len(rest)
    ours = [word for word in rest[:end] if word == "--detach"]
    arguments = [word for word in rest[:end] if word != "--detach"] + rest[end:]
    return job, arguments or None, bool(ours)


def _failure(run: Run) -> str:
    name = f"Run {run.pk} of {run.job}"
    if run.status == Status.QUEUED:
        again = clock(run.not_before, timezone.localtime())
        return f"Attempt {run.attempt} of {name[0].lower()}{name[1:]} failed: {run.error} It is retried at {again}."
    word = "timed out" if run.status == Status.TIMED_OUT else run.status
    return f"{name} {word}: {run.error}" if run.status == Status.FAILED else f"{name} {_was(word)}. {run.error}"


def _was(word: str) -> str:
    return word if word == "timed out" else f"was {word}"


def _exit_code(run: Run) -> int:
    """The command's own; 1 where it has none, or one that says it succeeded though the run didn't."""
    codes = Attempt.objects.filter(run=run).order_by("-number").values_list("exit_code", flat=True)
    return codes.first() or 1
