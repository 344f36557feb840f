"""The database's clock, ahead of the machine's or behind it: a `clock_timestamp()` found before PostgreSQL's."""

SEARCH_PATH = "moved, pg_catalog, public"


class DatabaseClock:
    """`execute` takes a statement. Connections whose search_path is SEARCH_PATH see the moved clock."""

    def __init__(self, execute):
        self.execute = execute
        execute(
            """
            CREATE SCHEMA moved;
            CREATE TABLE moved.clock (ahead interval);
            INSERT INTO moved.clock VALUES ('0');
            CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql
                AS $$ SELECT pg_catalog.clock_timestamp() + ahead FROM moved.clock $$;
            """
        )

    def set(self, *, ahead):
        """Put it so far ahead of the machine's clock; behind it where `ahead` is negative."""
        self.execute(f"UPDATE moved.clock SET ahead = interval '{ahead.total_seconds()} s'")

    def remove(self):
        self.execute("DROP SCHEMA moved CASCADE")
