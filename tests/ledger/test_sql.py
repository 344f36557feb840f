"""Our statements are prepared in sessions of ours, each with a plan that an empty ledger doesn't mislead."""

import logging

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from jobs.declarations.registry import registry
from jobs.ledger import claims, endings, instance, sessions, sql, to_do, triggers
from jobs.ledger.settle import settle
from jobs.models import Run

pytestmark = pytest.mark.django_db(transaction=True)
QUESTION = "SELECT %s::text"


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A session of ours that has prepared nothing yet."""
    monkeypatch.setattr(sql, "preparing", sql.Preparing())
    connection.close()
    with sessions.ours():
        yield
    connection.close()


def prepared():
    """The statements that this session has prepared."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, statement, cardinality(parameter_types) FROM pg_prepared_statements")
        return {statement: (name, parameters) for name, statement, parameters in cursor}


def ask(times=3):
    return [sql.value(QUESTION, [f"answer {number}"]) for number in range(times)]


def test_a_statement_of_ours_is_prepared_when_it_comes_again():
    ask(times=1)
    assert prepared() == {}
    ask(times=2)
    assert list(prepared()) == ["SELECT $1::text"]


def test_the_projects_own_statements_are_not():
    ask()
    for _ in range(9):
        Run.objects.filter(job="any").count()
    assert list(prepared()) == ["SELECT $1::text"]


def test_none_is_prepared_in_another_session(monkeypatch):
    monkeypatch.setattr(sessions, "are_bounded", lambda: False)
    assert ask() == ["answer 0", "answer 1", "answer 2"]
    assert prepared() == {}


def test_the_query_log_and_wrappers_see_it_with_its_parameters():
    seen = []

    def wrapper(execute, statement, parameters, many, context):
        seen.append((statement, parameters))
        return execute(statement, parameters, many, context)

    with CaptureQueriesContext(connection) as log, connection.execute_wrapper(wrapper):
        ask()
    assert [query["sql"] for query in log.captured_queries] == [f"SELECT 'answer {n}'::text" for n in range(3)]
    assert seen[-1] == (QUESTION, ["answer 2"])


def lose_what_is_prepared():
    """As a pooler does that gives the next transaction another session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1; DEALLOCATE ALL")


def test_behind_a_pooler_that_loses_them_nothing_is_prepared_any_more(caplog):
    ask()
    lose_what_is_prepared()
    with caplog.at_level(logging.WARNING, "jobs.ledger.sql"):
        assert ask() == ["answer 0", "answer 1", "answer 2"]
    assert prepared() == {}
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "The database lost a prepared statement, as behind a pooler that gives each transaction another session"
    ]


def test_a_transaction_that_met_such_a_pooler_fails_and_the_next_one_works():
    ask()
    lose_what_is_prepared()
    with pytest.raises(DatabaseError), transaction.atomic():
        ask()
    with transaction.atomic():
        assert ask(times=1) == ["answer 0"]


def test_where_the_project_says_that_there_is_such_a_pooler_none_is_prepared(monkeypatch):
    monkeypatch.setitem(connection.settings_dict, "DISABLE_SERVER_SIDE_CURSORS", True)
    ask()
    assert prepared() == {}


def plan(name, parameters):
    with connection.cursor() as cursor:
        given = f"({', '.join(['NULL'] * parameters)})" if parameters else ""
        cursor.execute(f"EXPLAIN EXECUTE {name}{given}")
        return "\n".join(line for (line,) in cursor)


def test_what_was_planned_while_the_ledger_was_empty_reads_a_full_one_by_its_keys(declared):
    declared("hourly", command="succeeds", schedule="0 0 * * * *")
    for _ in range(3):
        settle(registry.scheduled())
        run = triggers.request("hourly", requested_by="test", ring=False)
        triggers.request("hourly", requested_by="test", ring=False)  # by the rules of overlaps: the other is in its way
        claims.claim(0, instance.current())
        claims.next_ready(4)
        endings.cancel(run.pk, "test")
        Run.objects.all().delete()
        to_do.look()
    plans = {statement: plan(*how) for statement, how in prepared().items()}
    assert len(plans) > 9
    assert [found for found in plans.values() if "Seq Scan on nightshift_run" in found] == []
    [claim] = [found for statement, found in plans.items() if "SET status = 'running'" in statement]
    assert "Index Scan using nightshift_run_pkey" in claim
    [choice] = [found for statement, found in plans.items() if "WITH r AS" in statement]
    assert "Index Scan using queued_runs" in choice
