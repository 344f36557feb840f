"""A day in the life of the dashboard: each of its pages with 500 jobs and five million runs.

`python -m benchmarks 18` makes the history first, which takes many minutes. DASHBOARD_RUNS=300000 makes it a smaller
one, to work on a page: then nothing is written.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from unittest.mock import patch

from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from benchmarks import history
from benchmarks.database import statements
from benchmarks.harness import Cost, Figure, Result, Side, duration, rounds
from jobs import declare
from jobs.dashboard.pages import POLL
from jobs.declarations.registry import registry
from jobs.ledger import sql
from tests.helpers.dashboard_pages import QUERIES, Page, Sample, pages

RUNS = int(os.environ.get("DASHBOARD_RUNS", 5_000_000))
ASSETS = Path(__file__).parent.parent / "jobs" / "static" / "nightshift"
SLOWEST, REFRESH = 0.150, 1
ASSETS_MOST = 60_000
HEADINGS = ["Page", "queries", "takes, p50", "CPU of Python", "the slowest", "bytes", "a refresh"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What a page took. `refresh` are the queries and the time of asking again while nothing has changed."""

    page: Page
    queries: int
    costs: Sequence[Cost]
    size: int
    refresh: tuple[int, float] | None

    @property
    def p50(self) -> float:
        return median(cost.wall for cost in self.costs)

    def cells(self) -> list[str]:
        refresh = f"{self.refresh[0]}, {duration(self.refresh[1])}" if self.refresh else "–"
        slowest = max(cost.wall for cost in self.costs)
        name = f"{self.page.name}: `{self.page.path}`"
        cpu = duration(median(cost.cpu for cost in self.costs))
        return [name, str(self.queries), duration(self.p50), cpu, duration(slowest), f"{self.size:,}", refresh]


def measure() -> list[Result]:
    with registry.isolated():
        names = history.make(RUNS)
        declare_like(names)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM")
        visitor = Visitor()
        return [result([visitor.open(page) for page in pages(sample(names))])]


def declare_like(names: Sequence[str], command: str = "noop") -> None:
    """Jobs with the names of the history, due about as often as it has them, with what a team declares beside."""
    for number, name in enumerate(names, 1):
        kind, minute = number % 50, number % 30
        schedule = f"0 {number % 60} {number % 8},{number % 8 + 8},{number % 8 + 16} * * *"
        if kind == 0:
            schedule = "0 */2 * * * *"
        elif kind == 1:
            schedule = f"0 {minute} 4 * * MON"
        elif kind <= 10:
            schedule = f"0 {minute},{minute + 30} * * * *"
        team = ("billing", "search", "mail", "warehouse")[number % 4]
        declare(name, command=command, schedule=schedule, owner=f"team-{team}", labels=[team])


def sample(names: Sequence[str]) -> Sample:
    return Sample.of(busy=names[49], rare=names[29], idle=names[0])


class Visitor:
    """An administrator with a browser."""

    def __init__(self) -> None:
        user, _ = get_user_model().objects.get_or_create(username="bench", is_superuser=True)
        self.client = Client(headers={"host": "localhost"})
        self.client.force_login(user)

    def open(self, page: Page) -> Opened:
        read = lambda: self.get(page.path)  # noqa: E731 — a name for what is measured
        [costs] = rounds(Side(work=read, prepare=settled))
        settled()
        return Opened(page=page, queries=statements(read), costs=costs, size=len(read()), refresh=self._refresh(page))

    def get(self, path: str) -> bytes:
        answer = self.client.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path} was answered by {answer.status_code}.")
        return answer.content

    def _refresh(self, page: Page) -> tuple[int, float] | None:
        """Where the script asks again: its queries beside those of session and account, and its time."""
        # With the minute it would be another page.
        with patch("jobs.dashboard.pages._minute", return_value="12:00"):
            return self._asked_again(page)

    def _asked_again(self, page: Page) -> tuple[int, float] | None:
        main = self.get(page.path).decode().partition("<main")[2].partition("\n")[0]
        tag = main.partition('data-tag="')[2].partition('">')[0].replace("&quot;", '"')
        if not tag:
            return None
        headers = {POLL: "1", "If-None-Match": tag}

        def ask() -> None:
            if (status := self.client.get(page.path, headers=headers).status_code) != 304:
                raise RuntimeError(f"{page.path}, asked again, was answered by {status}.")

        [costs] = rounds(Side(work=ask))
        return statements(ask) - OF_THE_ACCOUNT, median(cost.wall for cost in costs)


OF_THE_ACCOUNT = 2


def settled() -> None:
    """As if a tick had just been there: otherwise all is late by the time that the last page is measured."""
    sql.execute("UPDATE nightshift_jobstate SET ledger_through = now(), next_due_at = NULL")
    sql.execute(
        """
        INSERT INTO nightshift_lasttick (id, at, seen_at, unbroken_since) VALUES (1, now(), now(), now())
            ON CONFLICT (id) DO UPDATE SET at = now(), seen_at = now()
        """
    )


def result(found: Sequence[Opened]) -> Result:
    assets = sum((ASSETS / name).stat().st_size for name in ("dashboard.css", "dashboard.js"))
    slowest = max(found, key=lambda each: each.p50)
    most = max(found, key=lambda each: each.queries)
    longest = max(found, key=lambda each: each.size / each.page.size)
    refreshed = [each.refresh for each in found if each.refresh]
    queries, wall = max(queries for queries, _ in refreshed), max(wall for _, wall in refreshed)
    limit = longest.page.size
    return Result(
        row=18,
        figures=[
            Figure(
                f"slowest p50: {duration(slowest.p50)} ({slowest.page.name})", "at most 150 ms", slowest.p50 <= SLOWEST
            ),
            Figure(f"most queries: {most.queries} ({most.page.name})", f"at most {QUERIES}", most.queries <= QUERIES),
            Figure(f"longest: {longest.size:,} bytes ({longest.page.name})", f"under {limit:,}", longest.size < limit),
            Figure(f"a refresh: {queries} query, {duration(wall)} at most", f"{REFRESH} query", queries <= REFRESH),
            Figure(f"styles and script: {assets:,} bytes", f"under {ASSETS_MOST:,}", assets < ASSETS_MOST),
        ],
        headings=HEADINGS,
        lines=[each.cells() for each in found],
        kept="DASHBOARD_RUNS" not in os.environ,
        notes=[
            f"500 jobs and {RUNS:,} runs. Whole requests of an administrator through Django's test client; queries are "
            f"all of a request, {OF_THE_ACCOUNT} of which read session and account. A process has answered before.",
            "A refresh is what the script asks while nothing has changed, answered 304: its queries beside those two.",
            "`tests/dashboard/test_cost.py` holds each page to its queries and bytes.",
        ],
    )
