"""`try-rule JOB RULE`: which incidents a rule of alerts would have opened in the latest 30 days."""

from argparse import ArgumentParser
from typing import Any

from jobs.commandline.ledger import Facts, Ledger
from jobs.commandline.out import Out
from jobs.commandline.verb import Verb
from jobs.commandline.words import add_format
from jobs.formats import NOTHING

HEADINGS = ("OPENED", "ENDED", "CAUSE", "TIMES", "RUN", "ENDED BY", "WHAT")


class TryRule(Verb):
    help = (
        "Try a rule of alerts on a job's latest 30 days: which incidents it would have opened, and when they would "
        "have ended. Nothing is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", metavar="JOB", help="The job's name, as `manage.py jobs` shows it.")
        parser.add_argument(
            "rule",
            metavar="RULE",
            help="As in a declaration, in quotes: 'failed(in_a_row=2)', 'not_succeeded_for(timedelta(hours=26))'.",
        )
        add_format(parser)

    def handle(self, ledger: Ledger, out: Out, *, job: str, rule: str, format: str, **options: Any) -> None:
        found = ledger.try_rule(job, rule)
        if format == "json":
            out.json(found)
            return
        days = round((found["until"] - found["since"]).total_seconds() / 86_400)
        out.say(f"{found['rule']} on {found['runs']:,} runs of {job} in {days} days: {found['summary']}")
        if found["incidents"]:
            out.table(HEADINGS, [_cells(ledger, incident) for incident in found["incidents"]])
        for note in found["notes"]:
            out.remark(note)


def _cells(ledger: Ledger, incident: Facts) -> tuple[str, ...]:
    zone = ledger.now().tzinfo
    opened, ended = (
        f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}" if (moment := incident[name]) else NOTHING
        for name in ("opened_at", "resolved_at")
    )
    runs = (str(incident[name] or NOTHING) for name in ("first_run", "resolved_by_run"))
    return (opened, ended, incident["cause"], f"{incident['count']:,}", *runs, incident["detail"])
