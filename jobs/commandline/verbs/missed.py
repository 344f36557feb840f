"""`missed JOB`: what had no run, and have it run now."""

import sys
from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jobs.commandline.gaps import HEADINGS, cells
from jobs.commandline.ledger import Facts, Ledger, Refusal, Which
from jobs.commandline.moments import UnreadableMoment, moment
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_confirm, add_format, row_number, whole_number
from jobs.formats import command_line, counted

# So many occurrences are shown of each end of a long list.
SHOWN = 5


class Missed(Verb):
    help = (
        "List the gaps of a job: the occurrences that had no run. With --gap, or --after and --before, run each of "
        "them now, once, one after another: it shows them first, and asks."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", nargs="?", metavar="JOB", help="The job's name, as `manage.py jobs` shows it.")
        parser.add_argument("--gap", type=row_number, metavar="N", help="Run the occurrences of this gap.")
        parser.add_argument(
            "--after",
            metavar="WHEN",
            help="Run those from this time on: 2026-01-31T02:00, or 02:00 for the latest such time; in the job's zone.",
        )
        parser.add_argument("--before", metavar="WHEN", help="Run those up to this time. Default: up to now.")
        parser.add_argument("--note", default="", help="Why they are run; it is shown to others.")
        add_confirm(parser)
        parser.add_argument("--yes", action="store_true", help="Don't ask.")
        parser.add_argument("--dry-run", action="store_true", help="Only show what would run.")
        parser.add_argument(
            "--limit",
            type=whole_number("gaps", 100_000),
            default=20,
            help="How many gaps to list (default: %(default)s).",
        )
        add_format(parser)

    def handle(
        self,
        ledger: Ledger,
        out: Out,
        *,
        job: str | None,
        gap: int | None,
        after: str | None,
        before: str | None,
        note: str,
        confirm: str,
        yes: bool,
        dry_run: bool,
        limit: int,
        format: str,
        **options: Any,
    ) -> None:
        if gap is None and after is None and before is None:
            nothing = f"No gaps{f' of {job}' if job else ''}{ledger.reach}: each occurrence has its run."
            out.rows(format, ledger.gaps(job, limit), HEADINGS, lambda row: cells(ledger, row), nothing)
            return
        if job is None:
            raise Refusal(f"Give the job's name too: `{ledger.program} missed clearsessions --gap 12`.")
        which = _which(ledger, job, gap, after, before)
        found = ledger.missed(job, which)
        _show(ledger, out, found, format)
        if not found["occurrences"] or dry_run:
            return
        _ask(yes, len(found["occurrences"]))
        # What a gap that still grows got since isn't what was shown.
        runs = ledger.run_missed(job, which._replace(before=found["occurrences"][-1]), note, confirm)
        _report(ledger, out, job, runs, format)


def _which(ledger: Ledger, job: str, gap: int | None, after: str | None, before: str | None) -> Which:
    now, zone = ledger.clock(), ledger.zone(job)
    try:
        begin = moment(after, zone, now) if after else None
        end = moment(before, zone, now) if before else None
    except UnreadableMoment as error:
        raise Refusal(str(error)) from None
    return Which(gap, begin, end or (now if gap is None and begin else None))


def _show(ledger: Ledger, out: Out, found: Facts, format: str) -> None:
    job, moments = found["job"], found["occurrences"]
    if format == "json":
        if not moments:
            out.json([])
        return
    zone = ledger.zone(job)
    if found["with_run"]:
        others, first = counted(len(found["with_run"]), "occurrence"), found["with_run"][0]["occurrence"]
        out.say(f"{others} of {job} there had a run already, from {_when(first, zone)}.")
    if not moments:
        out.say(f"Nothing to run: no occurrence of {job} there is without a run.")
        return
    out.say(f"{counted(found['count'], 'occurrence')} of {job} had no run:")
    middle = len(moments) - 2 * SHOWN
    shown = moments if middle <= 1 else [*moments[:SHOWN], None, *moments[-SHOWN:]]
    for occurrence in shown:
        out.say(f"  {_when(occurrence, zone) if occurrence else f'… {middle:,} more'}")
    if found["count"] > len(moments):
        out.say(f"One call runs the oldest {len(moments):,}. Call it again for the others.")
    declared = ledger.job(job)
    words = command_line([declared["command"], *declared["arguments"]])
    out.say(f"Each runs `{words}`, one after another; other runs of the job go first.")


def _ask(yes: bool, number: int) -> None:
    """Raises Refusal unless somebody said yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refusal("Nothing was run. Add --yes to run them.")
    answer = input(f"Run {counted(number, 'occurrence')} now? [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise Refusal("Nothing was run.")


def _report(ledger: Ledger, out: Out, job: str, runs: list[Facts], format: str) -> None:
    if format == "json":
        out.json(runs)
        return
    if not runs:
        out.say("Nothing was queued: somebody else has had them run in the meantime.")
        return
    ids = sorted(row["run"] for row in runs)
    which = f"Run {ids[0]} of {job} is" if len(ids) == 1 else f"Runs {ids[0]} to {ids[-1]} of {job} are"
    out.say(f"{which} queued. `{ledger.program} runs {job}` shows them.")


def _when(occurrence: datetime, zone: ZoneInfo) -> str:
    return f"{occurrence.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"
