"""`manage.py missed JOB`: what had no run, and have it run now."""

import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from jobs import masking
from jobs.access.actor import Actor
from jobs.declarations.job import Job
from jobs.declarations.registry import UnknownJob, registry
from jobs.formats import NOTHING, command_line, counted, plain
from jobs.ledger import missed, overrides, states
from jobs.ledger.carving import UnreadableGap
from jobs.ledger.missed import Missed, Repaired
from jobs.management.ledger_command import LedgerCommand
from jobs.management.moments import UnreadableMoment, moment
from jobs.management.operator import operator
from jobs.management.printing import add_format, as_json, as_table, row_number, whole_number
from jobs.models import Gap
from jobs.reading import keyset
from jobs.reading.explain import zone_of
from jobs.verbs.missed import preview_missed, run_missed

HEADINGS = ("GAP", "JOB", "FIRST", "LAST", "COUNT", "FATE", "REASON", "BY", "NOTE")
# So many occurrences are shown of each end of a long list.
SHOWN = 5


class Command(LedgerCommand):
    help = (
        "List the gaps of a job: the occurrences that had no run. With --gap, or --after and --before, run each of "
        "them now, once, one after another: it shows them first, and asks."
    )
    # It must also work while a declaration is wrong.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", nargs="?", metavar="JOB", help="The job's name, as `manage.py jobs` shows it.")
        parser.add_argument("--gap", type=row_number, metavar="N", help="Run the occurrences of this gap.")
        parser.add_argument(
            "--after",
            metavar="WHEN",
            help="Run those from this time on: 2026-01-31T02:00, or 02:00 for the latest such time; in the job's zone.",
        )
        parser.add_argument("--before", metavar="WHEN", help="Run those up to this time. Default: up to now.")
        parser.add_argument("--note", default="", help="Why they are run; it is shown to others.")
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
        *,
        job: str | None,
        gap: int | None,
        after: str | None,
        before: str | None,
        note: str,
        yes: bool,
        dry_run: bool,
        limit: int,
        format: str,
        **options: Any,
    ) -> None:
        if gap is None and after is None and before is None:
            self._list(job, limit, format)
            return
        if job is None:
            raise CommandError("Give the job's name too: `manage.py missed clearsessions --gap 12`.")
        try:
            declared = registry[job]
            begin, end = _window(declared, gap, after, before)
            actor = Actor.of_shell(operator())
            found = preview_missed(actor, job, gap=gap, after=begin, before=end)
            self._show(declared, found, format)
            if not found.occurrences or dry_run:
                return
            self._ask(yes, found)
            # What a gap that still grows got since isn't what was shown.
            end = found.occurrences[-1]
            repaired = run_missed(actor, job, gap=gap, after=begin, before=end, note=note)
        except (UnknownJob, UnreadableMoment, UnreadableGap) as error:
            raise CommandError(str(error)) from None
        except (missed.NothingNamed, missed.UnknownGap, missed.FollowsOthers) as error:
            raise CommandError(str(error)) from None
        self._report(declared, found, repaired, format)

    def _list(self, job: str | None, limit: int, format: str) -> None:
        newest = keyset.by_index(Gap.objects.all(), job=job) if job else Gap.objects.order_by("-pk")
        gaps = list(newest[:limit])
        if job and not gaps:
            try:
                registry[job]
            except UnknownJob as error:
                raise CommandError(str(error)) from None
        if format == "json":
            self.stdout.write(as_json([_facts(gap) for gap in gaps]))
        elif gaps:
            self.stdout.write(as_table(HEADINGS, [cells(gap) for gap in gaps]))
        else:
            self.stdout.write(f"No gaps{f' of {job}' if job else ''}: each occurrence has its run.")

    def _show(self, job: Job, found: Missed, format: str) -> None:
        if format == "json":
            if not found.occurrences:
                self.stdout.write(as_json([]))
            return
        zone = zone_of(job)
        if found.with_run:
            others = counted(len(found.with_run), "occurrence")
            self.stdout.write(
                f"{others} of {job.name} there had a run already, from {_when(found.with_run[0][0], zone)}."
            )
        if not found.occurrences:
            self.stdout.write(f"Nothing to run: no occurrence of {job.name} there is without a run.")
            return
        self.stdout.write(f"{counted(found.count, 'occurrence')} of {job.name} had no run:")
        moments = found.occurrences
        middle = len(moments) - 2 * SHOWN
        shown = moments if middle <= 1 else [*moments[:SHOWN], None, *moments[-SHOWN:]]
        for occurrence in shown:
            self.stdout.write(f"  {_when(occurrence, zone) if occurrence else f'… {middle:,} more'}")
        if found.is_capped:
            self.stdout.write(f"One call runs the oldest {len(moments):,}. Call it again for the others.")
        words = command_line([job.command, *masking.hide(job, overrides.effective(job).arguments)])
        self.stdout.write(f"Each runs `{words}`, one after another; other runs of the job go first.")

    def _ask(self, yes: bool, found: Missed) -> None:
        """Raises CommandError unless somebody said yes."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise CommandError("Nothing was run. Add --yes to run them.")
        answer = input(f"Run {counted(len(found.occurrences), 'occurrence')} now? [y/N] ")
        if answer.strip().lower() not in {"y", "yes"}:
            raise CommandError("Nothing was run.")

    def _report(self, job: Job, found: Missed, repaired: Repaired, format: str) -> None:
        if format == "json":
            rows = [{"occurrence": moment, "run": run} for moment, run in repaired.runs.items()]
            self.stdout.write(as_json(rows))
            return
        if not repaired.runs:
            self.stdout.write("Nothing was queued: somebody else has had them run in the meantime.")
            return
        ids = sorted(repaired.runs.values())
        which = f"Run {ids[0]} of {job.name} is" if len(ids) == 1 else f"Runs {ids[0]} to {ids[-1]} of {job.name} are"
        self.stdout.write(f"{which} queued. `manage.py runs {job.name}` shows them.")


def _window(
    job: Job, gap: int | None, after: str | None, before: str | None
) -> tuple[datetime | None, datetime | None]:
    now, zone = states.clock(), zone_of(job)
    begin = moment(after, zone, now) if after else None
    end = moment(before, zone, now) if before else None
    return begin, end or (now if gap is None and begin else None)


def _when(occurrence: datetime, zone: ZoneInfo) -> str:
    return f"{occurrence.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def cells(gap: Gap) -> tuple[str, ...]:
    zone = zone_of(registry[gap.job]) if gap.job in registry else timezone.get_current_timezone()
    first, last = (f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}" for moment in (gap.first, gap.last))
    note = plain(gap.note) or NOTHING
    return str(gap.pk), gap.job, first, last, f"{gap.count:,}", gap.fate, gap.reason, gap.by or NOTHING, note


def _facts(gap: Gap) -> dict[str, Any]:
    names = ("id", "job", "fingerprint", "first", "last", "count", "fate", "reason", "by", "note", "blocked_by_id")
    return {name.removesuffix("_id"): getattr(gap, name) for name in names}
