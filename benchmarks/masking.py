"""What it costs a run that the environment holds a secret, over the same run with none: by the secret's length."""

import os
import secrets
from functools import partial

from benchmarks.database import fork_server
from benchmarks.harness import Result, Row, Side, rounds
from benchmarks.lines import BYTES_A_LINE, LINES
from benchmarks.output import forget, recorded_run

LENGTHS = (20, 8_000, 32_000)
VARIABLE = "BENCHMARK_SECRET"
LINE_OF_PEM = 64


def secret(length: int) -> str:
    """A secret in lines, as a PEM is; the shortest has one line."""
    letters = secrets.token_urlsafe(length)
    return "\n".join(letters[place : place + LINE_OF_PEM] for place in range(0, length, LINE_OF_PEM))[:length]


def hold(length: int) -> None:
    forget()
    os.environ.pop(VARIABLE, None)
    if length:
        os.environ[VARIABLE] = secret(length)


def measure() -> list[Result]:
    run = partial(recorded_run, "--in-blocks")
    none, *with_secret = rounds(
        *(Side(work=run, prepare=partial(hold, length), helpers=fork_server) for length in (0, *LENGTHS))
    )
    hold(0)
    rows = [
        Row(what=f"with a secret of {length:,} letters", yardstick="the same without", ours=costs, theirs=none)
        for length, costs in zip(LENGTHS, with_secret, strict=True)
    ]
    return [
        Result(
            row=8,
            figures=[
                *(row.figure(row.by_wall(), 1.5, f"{row.what}, by the clock") for row in rows),
                *(row.figure(row.by_cpu(), 1.5, f"{row.what}, by CPU") for row in rows),
            ],
            compared=rows,
            notes=[
                f"A run that writes {LINES * BYTES_A_LINE / 1e6:.0f} MB in blocks, with the secret in a variable. Time "
                "by the clock is what the run waits for; CPU is the worker's and the child's.",
                "What holds CPU back: without a secret the worker looks at none of the bytes, so that the floor is to "
                "carry them to the database. With up to 20 lines of secrets it searches for each of them, 1 ns a byte; "
                "with more it reads a word of eight bytes at each 25th place as a number, and asks a set for all of "
                "them at once: 3 ns a byte, whatever their number. Tried with the 500 lines of the longest: a regular "
                "expression of all takes 300 times as long as that, `bytes.find` of each 15 times.",
            ],
        )
    ]
