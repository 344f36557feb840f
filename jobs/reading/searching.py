"""Words found in the ledger, within what a page may cost."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from jobs.ledger import error_index, sql
from jobs.models import JobState
from jobs.reading.keyset import WINDOW

if TYPE_CHECKING:
    from django.db.models import QuerySet

# An error that more runs have is found among the newest.
MOST_ERRORS = 2_000
# What a trigram index can look up.
SHORTEST = 3


def of_jobs(rows: "QuerySet[Any]", words: Sequence[str]) -> list[int]:
    """The ids of the newest rows of each job whose name has all the words: WINDOW in all. None is newer than `rows`."""
    named = JobState.objects.all()
    for word in words:
        named = named.filter(job__icontains=word)
    names = list(named.values_list("job", flat=True))
    newest = rows.order_by("-pk").values_list("pk", flat=True).first()
    if not names or newest is None:
        return []
    found = sql.rows(
        f"""
        SELECT newest.id FROM unnest(%s::text[]) AS named(job), LATERAL (
               SELECT id FROM {rows.model._meta.db_table} r WHERE r.job >= named.job AND r.job <= named.job AND id <= %s
                ORDER BY r.job, id DESC LIMIT %s
        ) AS newest
        """,  # noqa: S608 — the table is ours
        [names, newest, max(WINDOW // len(names), 1)],
    )
    return [row for (row,) in found]


def of_errors(words: Sequence[str]) -> list[int]:
    """The ids of all runs whose error has all the words. None where the index is missing, or can't help: the words are
    too short, or too many runs have them.
    """
    long = [word for word in words if len(word) >= SHORTEST]
    if not long or not error_index.exists():
        return []
    # Materialized: or else the limit would make PostgreSQL believe that reading the whole table ends early.
    has_words = " AND ".join(["upper(error) LIKE upper(%s)"] * len(words))
    found = sql.rows(
        f"""
        WITH found AS MATERIALIZED (SELECT id FROM nightshift_run WHERE error <> '' AND {has_words})
        SELECT id FROM found LIMIT {MOST_ERRORS + 1}
        """,  # noqa: S608 — fixed
        [f"%{literally(word)}%" for word in words],
    )
    return [run for (run,) in found] if len(found) <= MOST_ERRORS else []


def literally(word: str) -> str:
    """The word in a pattern of LIKE, where some letters stand for others."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
