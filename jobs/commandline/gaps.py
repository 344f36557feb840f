"""Gaps as a table has them."""

from jobs.commandline.ledger import Facts, Ledger, Refusal
from jobs.formats import NOTHING, plain

HEADINGS = ("GAP", "JOB", "FIRST", "LAST", "COUNT", "FATE", "REASON", "BY", "NOTE")


def cells(ledger: Ledger, gap: Facts) -> tuple[str, ...]:
    try:
        zone = ledger.zone(gap["job"])
    except Refusal:  # the job is declared no longer
        zone = ledger.now().tzinfo  # type: ignore[assignment]
    first, last = (f"{gap[name].astimezone(zone):%Y-%m-%d %H:%M:%S %Z}" for name in ("first", "last"))
    about = (gap["fate"], gap["reason"], gap["by"] or NOTHING, plain(gap["note"]) or NOTHING)
    return (str(gap["id"]), gap["job"], first, last, f"{gap['count']:,}", *about)
