"""Each list of the API and the admin with five million runs, over the same with a hundred thousand.

python -m benchmarks lists            minutes: a year of history is made first, twice
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from benchmarks import history
from benchmarks.database import NAME, create, drop, postgresql, use
from benchmarks.harness import Row, Side, rounds
from jobs import declare
from jobs.declarations.registry import registry
from tests.helpers import lists
from tests.helpers.plans import plans

SMALL, LARGE = 100_000, 5_000_000
AIM = 1.3


def measure(large: int = LARGE) -> list[Row]:
    """One row for each page: what it takes with many runs, over what it takes with few."""
    with registry.isolated(), ledger(SMALL) as few, ledger(large) as many:
        for job in few.jobs:
            declare(job, command="noop")
        return [compared(page, few, many) for page in few.pages()]


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
        what=f"`{page}` with {LARGE:,} runs ({blocks[0]:,} blocks read)",
        yardstick=f"with {SMALL:,} ({blocks[1]:,} blocks)",
        ours=ours,
        theirs=theirs,
        aim=AIM,
    )
