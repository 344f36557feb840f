from django.db import connections

from jobs.checks import database


def test_postgresql_is_fine():
    assert database.postgresql() == []


def test_another_database_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    monkeypatch.setattr(connections["default"], "display_name", "SQLite")
    [error] = database.postgresql()
    assert error.id == "jobs.E024"
    assert error.msg == "The default database is SQLite. Nightshift keeps its ledger in PostgreSQL."
