"""The European Central Bank's file of reference rates, and what a good one looks like. No database, no network.

A zip with one CSV, a line a day, the newest first, N/A where a currency has no rate:

    Date,USD,JPY,BGN,
    2026-10-30,1.1172,175.68,N/A,

Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
"""

import csv
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import SEEK_END, TextIOWrapper
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"

WHOLE_DIGITS = 10
DECIMALS = 8
# In bytes. The bank's own table has 2 MB, and gains 70 kB a year.
LARGEST_TABLE = 32 * 1024 * 1024

# What zipfile raises at one wrong byte or another: a version or a name that can't be, a place before the file's start.
DAMAGES = (BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError)

NO_RATE = "N/A"
CODE = re.compile(r"[A-Z]{3}")
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(rf"[0-9]{{1,{WHOLE_DIGITS}}}(\.[0-9]{{1,{DECIMALS}}})?")


class MalformedFile(Exception):
    """{place}: {found}. {fix}"""

    def __init__(self, place: str, found: str, fix: str = f"Get the bank's file from {URL}.") -> None:
        super().__init__(f"{place}: {found}. {fix}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """The rates of one day: each currency's code, and how many of its units one euro buys."""

    date: date
    rates: tuple[tuple[str, Decimal], ...]


def read_days(file: IO[bytes], name: str) -> Iterator[Day]:
    """Read the days of a file that have a rate, in its order, each checked before it is given.

    `file` is seekable and stands at its start; it holds the zip or the bare CSV. `name` is what messages call it.
    Raises MalformedFile at the first mistake, which may be the last line: what came before is to be taken back.
    """
    start = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    size = file.seek(0, SEEK_END)
    file.seek(0)
    if not start:
        raise MalformedFile(name, "the file is empty")
    if start.startswith(b"<"):
        raise MalformedFile(name, "this is a web page, not a table of rates")
    if start.startswith(b"PK"):
        yield from _read_zip(file, name)
    else:
        _check_size(size, name)
        yield from _read_table(file, name)


def _read_zip(file: IO[bytes], name: str) -> Iterator[Day]:
    try:
        with ZipFile(file) as archive:
            member = _only_table(archive, name)
            # ZipFile reads no further than the size it announces here, so the check holds for what comes out.
            _check_size(member.file_size, member.filename)
            with archive.open(member) as table:
                yield from _read_table(table, member.filename)
    except DAMAGES as error:
        raise MalformedFile(name, f"the zip is damaged ({error})") from error


def _only_table(archive: ZipFile, name: str) -> ZipInfo:
    tables = [member for member in archive.infolist() if member.filename.lower().endswith(".csv")]
    if len(tables) != 1:
        raise MalformedFile(name, f"the zip holds {len(tables)} CSV files, and one is expected")
    [table] = tables
    encrypted = table.flag_bits & 0x1
    if encrypted or table.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
        raise MalformedFile(name, "the zip is encrypted or packed in an unusual way", "Zip it again, plainly.")
    return table


def _check_size(size: int, name: str) -> None:
    if size > LARGEST_TABLE:
        raise MalformedFile(name, f"the table has {size:,} bytes, and {LARGEST_TABLE:,} is the limit")


def _read_table(file: IO[bytes], name: str) -> Iterator[Day]:
    lines_by_date: dict[date, int] = {}
    found = False
    reader = csv.reader(TextIOWrapper(file, encoding="utf-8-sig", newline=""), strict=True)
    try:
        codes = _read_header(next(reader, []), f"{name}, line 1")
        for cells in reader:
            if not cells:
                continue
            place = f"{name}, line {reader.line_num}"
            day = _read_day(cells, codes, place)
            if day.date in lines_by_date:
                raise MalformedFile(place, f"{day.date} is on line {lines_by_date[day.date]} too", "Remove one.")
            lines_by_date[day.date] = reader.line_num
            if day.rates:
                found = True
                yield day
    except UnicodeDecodeError as error:
        raise MalformedFile(name, "this is not text in UTF-8") from error
    except csv.Error as error:
        raise MalformedFile(f"{name}, line {reader.line_num}", f"this is not a CSV file ({error})") from error
    if not found:
        raise MalformedFile(name, "there are no rates below the header")


def _read_header(cells: list[str], place: str) -> list[str]:
    """The currencies' codes, in the order of their columns."""
    first, *codes = _without_last_comma(cells) or [""]
    if first != "Date":
        raise MalformedFile(place, f"the first column is {_shown(first)}, and 'Date' is expected")
    if not codes:
        raise MalformedFile(place, "there is no currency column")
    for position, code in enumerate(codes):
        if not CODE.fullmatch(code):
            raise MalformedFile(
                place, f"the column {_shown(code)} is not a currency", "Write its ISO code, three capital letters: USD."
            )
        if code in codes[:position]:
            raise MalformedFile(place, f"{code} has two columns", "Remove one.")
    return codes


def _read_day(cells: list[str], codes: list[str], place: str) -> Day:
    first, *values = _without_last_comma(cells)
    if len(values) != len(codes):
        raise MalformedFile(
            place,
            f"the header has {len(codes)} currencies, and this line has {len(values)} values",
            "Write a number or N/A for each currency.",
        )
    rates = [(code, _read_rate(value, code, place)) for code, value in zip(codes, values, strict=True)]
    return Day(date=_read_date(first, place), rates=tuple((code, rate) for code, rate in rates if rate is not None))


def _read_date(text: str, place: str) -> date:
    # The pattern comes first: fromisoformat alone would take 20261030 and 2026-W44-5 too.
    if ISO_DATE.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise MalformedFile(place, f"the date is {_shown(text)}", "Write it as 2026-10-30.")


def _read_rate(text: str, code: str, place: str) -> Decimal | None:
    if text == NO_RATE:
        return None
    if NUMBER.fullmatch(text) and (rate := Decimal(text)):
        return rate
    raise MalformedFile(
        place,
        f"the rate of {code} is {_shown(text)}",
        f"Write a number above 0, with at most {WHOLE_DIGITS} digits before the point and {DECIMALS} after it: 1.1172. "
        f"Or write N/A.",
    )


def _without_last_comma(cells: list[str]) -> list[str]:
    """The bank ends each line with a comma, which makes one more cell."""
    return cells[:-1] if cells and not cells[-1] else cells


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
