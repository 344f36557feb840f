"""Lines of output per second on their way from a child's pipe into the ledger, over raw COPY of the same lines."""

from django.db import connection

from benchmarks.database import fork_server, postgresql
from benchmarks.harness import Result, Row, Side, rounds
from benchmarks.lines import BYTES_A_LINE, LINES, THOUSAND, TIMES
from jobs.choices import Status
from jobs.execution.worker import this_worker
from jobs.ledger import triggers
from jobs.models import Run


def recorded_run(*arguments: str) -> None:
    run = triggers.request("says_lines", arguments, requested_by="a benchmark", ring=False)
    assert this_worker.execute(run.pk) is Status.SUCCEEDED


def forget() -> None:
    """All sides begin with empty tables."""
    Run.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS lines (line text)")
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS lines_with_keys (attempt bigint, number integer, at timestamptz, "
            "stderr boolean, line text, PRIMARY KEY (attempt, number))"
        )
        cursor.execute("TRUNCATE lines, lines_with_keys, nightshift_output")


def copy() -> None:
    """The fastest COPY there is: one column, no index."""
    copy_into("lines", THOUSAND)


def copy_with_keys() -> None:
    """Lines that can be found again, as ours can: by attempt and number, each with its time and stream."""
    copy_into("lines_with_keys", THOUSAND_WITH_KEYS)


def copy_into(table: str, rows: str) -> None:
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY {table} FROM STDIN") as copied:
            for number in range(TIMES):
                copied.write(rows.replace("{", str(number)))


def working() -> list[int]:
    return [*fork_server(), *postgresql()]


THOUSAND_WITH_KEYS = "".join(
    f"{{\t{number}\t2026-03-14 15:09:26+00\tf\t{line}\n" for number, line in enumerate(THOUSAND.splitlines())
)


def measure() -> list[Result]:
    in_blocks, one_by_one, keyed, bare = rounds(
        Side(work=lambda: recorded_run("--in-blocks"), prepare=forget, helpers=working),
        Side(work=lambda: recorded_run(), prepare=forget, helpers=working),
        Side(work=copy_with_keys, prepare=forget, helpers=working),
        Side(work=copy, prepare=forget, helpers=working),
    )
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE nightshift_output ALTER body SET STORAGE EXTERNAL")
    uncompressed, bare_again = rounds(
        Side(work=lambda: recorded_run("--in-blocks"), prepare=forget, helpers=working),
        Side(work=copy, prepare=forget, helpers=working),
    )
    what = "a run's output, from its pipe into the ledger"
    keys, barest = "COPY of a row a line, with what finds it again", "COPY of the lines alone, without an index"
    line = "the same, each line by its own `print()`"
    rate = {"items": LINES, "rate": "lines/s", "faster": True}
    blocks = Row(what=what, yardstick=keys, ours=in_blocks, theirs=keyed, **rate)
    printed = Row(what=line, yardstick=keys, ours=one_by_one, theirs=keyed, **rate)
    return [
        Result(
            row=7,
            figures=[
                blocks.figure(blocks.by_wall(), 3, "in blocks"),
                printed.figure(printed.by_wall(), 0.3, "line by line"),
            ],
            compared=[
                blocks,
                printed,
                Row(what=what, yardstick=barest, ours=in_blocks, theirs=bare, **rate),
                Row(what="were it kept uncompressed", yardstick=barest, ours=uncompressed, theirs=bare_again, **rate),
                Row(what=line, yardstick=barest, ours=one_by_one, theirs=bare, **rate),
            ],
            notes=[
                f"{LINES:,} lines of {BYTES_A_LINE} bytes, written in blocks of 8 KiB, as a program that buffers does. "
                "Ours is the whole run around the output, kept in pieces of 64 KiB that PostgreSQL compresses. CPU has "
                "PostgreSQL's in it.",
                "COPY has the text of its rows at hand and one commit; what finds a line again is its attempt, number, "
                "time and stream, under a primary key.",
                "A line by its own `print()` is a system call of the child's.",
                "What holds it back: pglz, by which this server compresses, since it is built without lz4. Migration "
                "`0016_output_lz4` chooses lz4 where it is there. On a PostgreSQL that has it, 300 pieces took 0.13 s "
                "of the server's CPU, as uncompressed ones did (0.13 s), and 0.35 s by pglz, in the same room.",
            ],
        )
    ]
