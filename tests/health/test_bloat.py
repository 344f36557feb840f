"""What the doctor says of rows that are dead, and of vacuum."""

import re

import pytest

from jobs.health import bloat
from jobs.ledger import sql
from tests.helpers.doctor import all_is_well, says  # noqa: F401 — a fixture
from tests.helpers.processes import until
from tests.helpers.rows import a_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_well")]


def test_how_many_rows_are_dead_where_vacuum_keeps_up():
    ok, said = says("bloat")
    assert ok
    assert re.fullmatch(
        r"no row of the ledger is dead|vacuum keeps up: [\d,]+ dead rows? in nightshift_\w+ \(\d+%\), in others fewer",
        said,
    )


@pytest.mark.django_db(transaction=True)
def test_dead_rows_that_vacuum_leaves_are_reported_with_what_to_run(monkeypatch):
    monkeypatch.setattr(bloat, "FEW", 0)
    monkeypatch.setattr(bloat, "SHARE", 0)

    def is_reported():
        a_run().delete()
        sql.value("SELECT pg_stat_force_next_flush()")
        return not says("bloat")[0]

    until(is_reported)
    assert re.search(
        r"^(nightshift_\w+) has [\d,]+ dead rows? \(\d+%\), and vacuum last ended there (never|.* ago)\. "
        r"Run `VACUUM \(ANALYZE\) \1`; ",
        says("bloat")[1],
    )
