"""What PostgreSQL reads for a statement, as EXPLAIN ANALYZE has it."""

import json
from contextlib import contextmanager

from django.db import connection


def emptied(*tables):
    """Empty the tables as if nothing had been in them: indexes have what other tests rolled back until VACUUM."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


@contextmanager
def plans(tables):
    """The plans of all statements that read one of the tables meanwhile, each as the session has it then."""
    found = []

    def explain(execute, statement, parameters, many, context):
        if statement.lstrip().startswith(("SELECT", "WITH", "UPDATE", "(")) and any(
            table in statement for table in tables
        ):
            execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters, many, context)
            [(told,)] = context["cursor"].fetchall()
            found.append(Plan(statement, told))
        return execute(statement, parameters, many, context)

    with connection.execute_wrapper(explain):
        yield found


class Plan:
    """A statement that was carried out: which tables it read from end to end, and how many rows it looked at."""

    def __init__(self, statement, told):
        self.statement = statement
        [self.told] = json.loads(told) if isinstance(told, str) else told
        self.nodes = list(nodes(self.told["Plan"]))

    @property
    def scanned(self):
        """The tables that were read from end to end."""
        return {node["Relation Name"] for node in self.nodes if node["Node Type"] == "Seq Scan"}

    @property
    def rows(self):
        """How many rows of tables it looked at, those that it didn't use among them."""
        return sum(
            node["Actual Loops"]
            * (
                node["Actual Rows"]
                + node.get("Rows Removed by Filter", 0)
                + node.get("Rows Removed by Index Recheck", 0)
            )
            for node in self.nodes
            if "Relation Name" in node or node["Node Type"] == "Bitmap Index Scan"
        )

    @property
    def milliseconds(self):
        return self.told["Planning Time"] + self.told["Execution Time"]

    @property
    def buffers(self):
        return self.told["Plan"]["Shared Hit Blocks"] + self.told["Plan"]["Shared Read Blocks"]

    @property
    def index(self):
        return ", ".join(sorted({node["Index Name"] for node in self.nodes if "Index Name" in node}))


def nodes(plan):
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)
