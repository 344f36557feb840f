"""Nightshift's tables in a schema of their own, where JOBS_SCHEMA names one.

Each session of ours finds them at the end of its search path, so that what the project creates never lands there.
Migrations of ours put the schema first (migration.py).
"""

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# Receivers are called in the order of their imports: a new session has its bounds before it is asked for anything.
import jobs.ledger.sessions  # noqa: F401
from jobs.conf import conf
from jobs.ledger import sql

# A pool gives a session more than once. What the role, the database or the project's settings chose stays in front.
FIND = """
    SELECT set_config('search_path', concat_ws(', ', nullif(path, ''), %s::text), false)
      FROM current_setting('search_path') AS path
     WHERE %s <> ALL (string_to_array(replace(path, ' ', ''), ','))
"""
# One of the tables, which stands for all.
TABLE = "nightshift_jobstate"


def find_tables(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Put the schema at the end of a new session's search path."""
    if not conf.JOBS_SCHEMA or connection.alias != DEFAULT_DB_ALIAS or connection.vendor != "postgresql":
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(FIND, [conf.JOBS_SCHEMA, conf.JOBS_SCHEMA])
    except DatabaseError:
        # Else the session would be used as it is.
        connection.close()
        raise


connection_created.connect(find_tables, dispatch_uid="jobs.ledger.schema")


def misplaced() -> str:
    """In a sentence, that the tables are in another schema than JOBS_SCHEMA says, and what to do; empty where not."""
    schema = conf.JOBS_SCHEMA
    # Of the schemas that have them, the one where this session finds them comes first.
    found = sql.rows(
        "SELECT nspname, pg_table_is_visible(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE relname = %s AND relkind = 'r' ORDER BY 2 DESC, 1",
        [TABLE],
    )
    if not found:
        return ""
    place, is_visible = found[0]
    if is_visible and schema in ("", place):
        return ""
    if not is_visible and not _are_recorded():
        return ""  # those of another installation
    if not schema:
        return f"Nightshift's tables are in the schema {place}. Set JOBS_SCHEMA = {place!r}."
    moves = sql.rows(
        "SELECT format('ALTER TABLE %%I.%%I SET SCHEMA %%I;', nspname, relname, %(schema)s::text) "
        "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = %(place)s AND starts_with(relname, 'nightshift_') AND relkind = 'r' UNION ALL "
        "SELECT format('ALTER FUNCTION %%I.%%I SET SCHEMA %%I;', nspname, proname, %(schema)s::text) "
        "FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace "
        "WHERE nspname = %(place)s AND starts_with(proname, 'nightshift_') ORDER BY 1",
        {"schema": schema, "place": place},
    )
    statements = " ".join([f'CREATE SCHEMA IF NOT EXISTS "{schema}";', *(move for (move,) in moves)])
    return (
        f"JOBS_SCHEMA is {schema!r}, and Nightshift's tables are in the schema {place}. Stop the app, move them as "
        f"their owner, and grant the app its rights again (`manage.py grant_identity`): {statements}"
    )


def _are_recorded() -> bool:
    from django.db.migrations.recorder import MigrationRecorder  # a start need not load what migrations are made of

    return any(app == "nightshift" for app, _ in MigrationRecorder(connection).applied_migrations())
