"""Each list of the API and the admin with five million runs, over the same with a hundred thousand.

It takes many minutes: a year of history is made first, twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from benchmarks import history
from benchmarks.database import NAME, create, drop, postgresql, use
from benchmarks.harness import Figure, Result, Row, Side, number, rounds
from jobs import declare
from jobs.declarations.registry import registry
from tests.helpers import lists
from tests.helpers.plans import plans

SMALL, LARGE = 100_000, 5_000_000


def measure() -> list[Result]:
    """One comparison for each page, and the worst of each door."""
    with registry.isolated(), ledger(SMALL) as few, ledger(LARGE) as many:
        for job in few.jobs:
            declare(job, command="noop")
        return [result([compared(page, few, many) for page in few.pages()])]


class Ledger:
    """A history in a database of its own, and somebody who reads it."""

    def __init__(self, runs: int) -> None:
        self.name = f"{NAME}_{runs}"
        create(self.name)
        self.jobs = history.make(runs)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
        self.user = get_user_model().objects.create_superuser("bench")
        self.client = Client(headers={"host": "localhost"})
        self.client.force_login(self.user)

    def use(self) -> None:
        use(self.name)
        connection.ensure_connection()

    def pages(self) -> list[str]:
        self.use()
        sample = lists.sample(self.jobs)
        return [*lists.api_lists(sample), *lists.admin_lists(self.user, sample)]

    def read(self, page: str) -> None:
        assert self.client.get(page).status_code == 200, page

    def buffers(self, page: str) -> int:
        """How many blocks PostgreSQL reads for a page."""
        self.use()
        with plans(["nightshift_"]) as found:
            self.read(page)
        return sum(plan.buffers for plan in found)


@contextmanager
def ledger(runs: int) -> Iterator[Ledger]:
    made = Ledger(runs)
    try:
        yield made
    finally:
        drop(made.name)
        use(NAME)


def compared(page: str, few: Ledger, many: Ledger) -> Row:
    blocks = many.buffers(page), few.buffers(page)
    ours, theirs = rounds(
        *(
            Side(work=lambda made=made: made.read(page), prepare=made.use, helpers=postgresql)  # type: ignore[misc]
            for made in (many, few)
        )
    )
    return Row(
        what=f"`{page}` with {LARGE:,} runs, {blocks[0]:,} blocks",
        yardstick=f"with {SMALL:,}, {blocks[1]:,} blocks",
        ours=ours,
        theirs=theirs,
    )


def _of_all(rows: list[Row]) -> list[str]:
    """How many pages keep to the aims, and what holds back the others."""
    steady = sum(row.by_cpu().median <= 1.3 for row in rows)
    quick = {
        path: [median(cost.wall for cost in row.ours) * 1e3 for row in rows if row.what.startswith(path)]
        for path in ("`/api/", "`/manage/")
    }
    fast = sum(each < 10 for each in quick["`/api/"]) + sum(each < 60 for each in quick["`/manage/"])
    return [
        f"Of {len(rows)} pages {steady} grow by less than 1.3 times, and {fast} take less than the aim. The medians of "
        f"all: {number(median(quick['`/api/']))} ms of the API's, {number(median(quick['`/manage/']))} ms of the "
        "admin's.",
        "What holds back those that grow: a filter that no index answers looks at the newest 10,000 runs that the "
        "others leave. Of 500 jobs with 100,000 runs a job has 200, so that there is less to look at, and often less "
        "to show: a page of 50 rows costs more than one of three. What holds back those that take long: the session "
        "and the account (3 ms), and in the admin Django's own templates for 50 rows.",
    ]


def result(rows: list[Row]) -> Result:
    """The page whose CPU grows most, and the slowest of each door."""
    worst = max(rows, key=lambda row: row.by_cpu().median)
    figures = [worst.figure(worst.by_cpu(), 1.3, f"the most that CPU grows, {worst.what}")]
    for door, path, aim in (("API", "`/api/", 10), ("admin", "`/manage/", 60)):
        slowest = max(median(cost.wall for cost in row.ours) for row in rows if row.what.startswith(path)) * 1e3
        figures.append(Figure(f"{door}, slowest p50: {number(slowest)} ms", f"under {aim} ms", slowest < aim))
    return Result(
        row=10,
        figures=figures,
        compared=rows,
        notes=[
            *_of_all(rows),
            "Whole requests through Django's test client: session, user, queries, serializing or the template.",
            "`tests/reading/test_lists.py` holds each page to what PostgreSQL reads for it.",
        ],
    )
