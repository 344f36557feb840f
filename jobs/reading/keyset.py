"""Long lists, read by key: what a page costs doesn't depend on how much the ledger holds."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import transaction
from django.db.models import BooleanField, Model, QuerySet
from django.db.models.expressions import RawSQL

from jobs.choices import Status
from jobs.ledger import sessions, sql
from jobs.models.run import UNSUCCESSFUL

# How many rows a list counts, and looks at where no index answers: more is "10,000+".
WINDOW = 10_000
# Rows are numbered before they are committed: so much earlier and later ones of a moment may lie.
DISORDER = timedelta(hours=1)


def by_index(rows: "QuerySet[Any]", **equal: str) -> "QuerySet[Any]":
    """Rows with these values, newest first, from the index that begins with these columns and goes on with the id.

    `column = value` would make the column a constant, and PostgreSQL may then walk back through the primary key, in the
    belief that such a row soon comes. It doesn't know the order of the columns as that of ids, if they are written so.
    """
    table = rows.model._meta.db_table
    (first, value), *others = equal.items()
    known = RawSQL(f'"{table}"."{first}" = ANY(%s)', [[value]], output_field=BooleanField())  # noqa: S611 — names of ours
    within = {f"{column}__{side}": value for column, value in others for side in ("gte", "lte")}
    return rows.filter(known, **within).order_by(*equal, "-pk")


def runs(rows: "QuerySet[Any]", job: str | None = None, status: str | None = None) -> "QuerySet[Any]":
    """Runs, newest first: of a job, with a status, both or all."""
    if status in UNSUCCESSFUL:
        return by_index(rows, status=str(status), **{"job": job} if job else {})
    if status == Status.SUCCEEDED:
        return (by_index(rows, job=job) if job else rows.order_by("-pk")).filter(status=status)
    if status:  # queued or running: an index has these few
        return rows.filter(status=status, **{"job": job} if job else {}).order_by("-pk")
    return by_index(rows, job=job) if job else rows.order_by("-pk")


def window(rows: "QuerySet[Any]", *more: str) -> tuple[list[int], int | None]:
    """The ids of the newest WINDOW of these rows, which come from an index; and the last of them if there are more.

    `more` is as for `in_the_order_of_an_index`.
    """
    try:
        statement, parameters = rows.values_list("pk", flat=True)[: WINDOW + 1].query.sql_with_params()
    except EmptyResultSet:  # Django knows without asking that there are none
        return [], None
    with in_the_order_of_an_index(*more):
        # As one value: ten thousand rows are ten thousand objects.
        ids: list[int] = sql.value(f"SELECT ARRAY({statement})", parameters)
    return (ids, None) if len(ids) <= WINDOW else (ids[:WINDOW], ids[WINDOW - 1])


# Plans that would read all rows, and only then take the newest; and compilation, which takes longer than a statement
# that reads a few.
SHUT = ("enable_bitmapscan", "enable_seqscan", "jit")


@contextmanager
def in_the_order_of_an_index(*more: str) -> Iterator[None]:
    """Statements of this block read rows in the order of an index, whatever PostgreSQL believes of their number.

    `more` are other ways of the planner that are shut meanwhile: "enable_sort".
    """
    ways = (*SHUT, *more)
    with transaction.atomic():
        before = sessions.set_for("transaction", dict.fromkeys(ways, "off"))
        yield
        sessions.set_for("transaction", dict(zip(ways, before, strict=True)))


def with_ids(rows: "QuerySet[Any]", ids: Sequence[int]) -> "QuerySet[Any]":
    """Those of the rows that have these ids: one look-up for each."""
    condition = f'"{rows.model._meta.db_table}"."id" = ANY(%s::bigint[])'
    # As text: the adapter asks each of ten thousand numbers how it is written.
    written = f"{{{','.join(map(str, ids))}}}"
    return rows.filter(RawSQL(condition, [written], output_field=BooleanField()))  # noqa: S611 — the table is ours


def first_id_since(model: type[Model], column: str, moment: datetime) -> int:
    """The id of the first row that was written at a moment or later; one past the last where there is none.

    `column` has the time of writing. Ids ascend with it, so that the primary key answers: about twenty look-ups.
    """
    table = model._meta.db_table
    found: int | None = sql.value(
        f"""
        WITH RECURSIVE halves AS (
            SELECT (SELECT min(id) FROM {table}) AS low, (SELECT max(id) + 1 FROM {table}) AS high
             UNION ALL
            SELECT CASE WHEN at < %(moment)s THEN middle.id + 1 ELSE low END,
                   CASE WHEN at < %(moment)s THEN high ELSE (low + high) / 2 END
              FROM halves, LATERAL (
                   SELECT id, {column} AS at FROM {table} WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1
              ) AS middle
             WHERE low < high
        )
        SELECT max(low) FROM halves
        """,  # noqa: S608 — names of ours
        {"moment": moment},
    )
    return found or 0


class Merged:
    """Rows of several querysets of one model, each newest first: each is read as far as a page needs.

    It does what a paginator by cursor asks of a queryset.
    """

    def __init__(self, parts: Iterable["QuerySet[Any]"], order: str = "-pk") -> None:
        self.parts = list(parts)
        self.order = order

    def order_by(self, order: str) -> "Merged":
        """By id, newest or oldest first."""
        return self if order.startswith("-") else Merged([part.reverse() for part in self.parts], order)

    def filter(self, *conditions: Any, **lookups: Any) -> "Merged":
        return Merged([part.filter(*conditions, **lookups) for part in self.parts], self.order)

    def __getitem__(self, place: slice) -> Sequence[Any]:
        first, *others = [part[: place.stop] if self.parts[1:] else part for part in self.parts]
        found = first.union(*others, all=True).order_by(self.order) if others else first
        return list(found[place])
