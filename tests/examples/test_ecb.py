import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from examples.rates import ecb
from examples.rates.ecb import Day, MalformedFile, read_days

GET_THE_BANKS = "Get the bank's file from https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip."
GOOD_NUMBER = "Write a number above 0, with at most 10 digits before the point and 8 after it: 1.1172. Or write N/A."


def read(content, name="hist.csv"):
    return list(read_days(io.BytesIO(content.encode() if isinstance(content, str) else content), name))


def zipped(members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def test_a_line_is_a_day_and_not_available_is_no_rate():
    assert read("Date,USD,JPY,CYP,\n2026-10-30,1.1172,175.68,N/A,\n") == [
        Day(date=date(2026, 10, 30), rates=(("USD", Decimal("1.1172")), ("JPY", Decimal("175.68"))))
    ]


def test_a_zip_is_read_like_the_table_in_it():
    table = "Date,USD,\n2026-10-30,1.1172,\n2026-10-29,1.1168,\n"
    assert read(zipped({"eurofxref-hist.csv": table, "README.txt": "Hello."})) == read(table)


@pytest.mark.parametrize(
    "table",
    [
        "Date,USD\n2026-10-30,1.5\n",
        "Date,USD\r\n2026-10-30,1.5\r\n",
        "\ufeffDate,USD,\n2026-10-30,1.5,",
        "Date,USD,\n\n2026-10-30,1.5,\n\n",
        '"Date","USD"\n"2026-10-30","1.5"\n',
    ],
    ids=["no last comma", "CRLF", "byte order mark, no last newline", "blank lines", "quotes"],
)
def test_harmless_differences_are_accepted(table):
    assert read(table) == [Day(date=date(2026, 10, 30), rates=(("USD", Decimal("1.5")),))]


def test_a_day_without_any_rate_is_left_out():
    assert [day.date.day for day in read("Date,USD,\n2026-10-30,N/A,\n2026-10-29,1.1168,\n")] == [29]


def test_days_come_as_they_are_read():
    days = read_days(io.BytesIO(b"Date,USD,\n2026-10-30,1.1172,\n2026-10-29,rubbish,\n"), "hist.csv")
    assert next(days).date == date(2026, 10, 30)
    with pytest.raises(MalformedFile):
        next(days)


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ("", f"hist.csv: the file is empty. {GET_THE_BANKS}"),
        (" \n\n", f"hist.csv: the file is empty. {GET_THE_BANKS}"),
        (
            "\n<!DOCTYPE html><html><body>Too many requests</body></html>",
            f"hist.csv: this is a web page, not a table of rates. {GET_THE_BANKS}",
        ),
        (b"Date,USD,\n2026-10-30,1.1172\xff,\n", f"hist.csv: this is not text in UTF-8. {GET_THE_BANKS}"),
        (
            "currency;rate\nUSD;1.1172\n",
            f"hist.csv, line 1: the first column is 'currency;rate', and 'Date' is expected. {GET_THE_BANKS}",
        ),
        ("Date,\n2026-10-30,\n", f"hist.csv, line 1: there is no currency column. {GET_THE_BANKS}"),
        (
            "Date,USD,Dollar,\n",
            "hist.csv, line 1: the column 'Dollar' is not a currency. Write its ISO code, three capital letters: USD.",
        ),
        ("Date,USD,JPY,USD,\n", "hist.csv, line 1: USD has two columns. Remove one."),
        ("Date,USD,\n", f"hist.csv: there are no rates below the header. {GET_THE_BANKS}"),
        ("Date,USD,\n2026-10-30,N/A,\n", f"hist.csv: there are no rates below the header. {GET_THE_BANKS}"),
        (
            "Date,USD,JPY,\n2026-10-30,1.1172,\n",
            "hist.csv, line 2: the header has 2 currencies, and this line has 1 values. "
            "Write a number or N/A for each currency.",
        ),
        ("Date,USD,\n30.10.2026,1.1172,\n", "hist.csv, line 2: the date is '30.10.2026'. Write it as 2026-10-30."),
        ("Date,USD,\n20261030,1.1172,\n", "hist.csv, line 2: the date is '20261030'. Write it as 2026-10-30."),
        ("Date,USD,\n2026-02-30,1.1172,\n", "hist.csv, line 2: the date is '2026-02-30'. Write it as 2026-10-30."),
        (
            "Date,USD,\n2026-10-30,1.1,\n2026-10-29,1.2,\n2026-10-30,1.3,\n",
            "hist.csv, line 4: 2026-10-30 is on line 2 too. Remove one.",
        ),
        ("Date,USD,\n2026-10-30,1.1x72,\n", f"hist.csv, line 2: the rate of USD is '1.1x72'. {GOOD_NUMBER}"),
        ("Date,USD,JPY,\n2026-10-30,,1,\n", f"hist.csv, line 2: the rate of USD is ''. {GOOD_NUMBER}"),
        ("Date,USD,\n2026-10-30,0.000,\n", f"hist.csv, line 2: the rate of USD is '0.000'. {GOOD_NUMBER}"),
        ("Date,USD,\n2026-10-30,-1.2,\n", f"hist.csv, line 2: the rate of USD is '-1.2'. {GOOD_NUMBER}"),
        ("Date,USD,\n2026-10-30,NaN,\n", f"hist.csv, line 2: the rate of USD is 'NaN'. {GOOD_NUMBER}"),
        ("Date,USD,\n2026-10-30,١.٢,\n", f"hist.csv, line 2: the rate of USD is '١.٢'. {GOOD_NUMBER}"),
        ("Date,USD,\n2026-10-30,1.123456789,\n", f"hist.csv, line 2: the rate of USD is '1.123456789'. {GOOD_NUMBER}"),
        (
            f"Date,USD,\n2026-10-30,{'9' * 5000},\n",
            f"hist.csv, line 2: the rate of USD is '{'9' * 40}…'. {GOOD_NUMBER}",
        ),
        (
            f"Date,USD,\n2026-10-30,{'9' * 200_000},\n",
            f"hist.csv, line 2: this is not a CSV file (field larger than field limit (131072)). {GET_THE_BANKS}",
        ),
        (
            'Date,USD,\n2026-10-30,"1.1172"x,\n',
            f"hist.csv, line 2: this is not a CSV file (',' expected after '\"'). {GET_THE_BANKS}",
        ),
    ],
)
def test_a_mistake_in_the_table_is_reported_with_its_place_and_a_hint(table, sentence):
    with pytest.raises(MalformedFile) as caught:
        read(table)
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("archive", "sentence"),
    [
        (
            zipped({"eurofxref-hist.csv": "Date,USD,\n2026-10-30,1.1172,\n"})[:-30],
            f"hist.zip: the zip is damaged (File is not a zip file). {GET_THE_BANKS}",
        ),
        (
            zipped({"a.csv": "Date,USD,\n2026-10-30,1.1172,\n"}, zipfile.ZIP_STORED).replace(b"1.1172,", b"1.1173,"),
            f"hist.zip: the zip is damaged (Bad CRC-32 for file 'a.csv'). {GET_THE_BANKS}",
        ),
        (zipped({}), f"hist.zip: the zip holds 0 CSV files, and one is expected. {GET_THE_BANKS}"),
        (
            zipped({"a.csv": "Date,USD,\n", "b.csv": "Date,USD,\n"}),
            f"hist.zip: the zip holds 2 CSV files, and one is expected. {GET_THE_BANKS}",
        ),
        (
            zipped({"a.csv": "Date,USD,\n"}, zipfile.ZIP_BZIP2),
            "hist.zip: the zip is encrypted or packed in an unusual way. Zip it again, plainly.",
        ),
        (
            zipped({"a.csv": b"0" * (ecb.LARGEST_TABLE + 1)}),
            f"a.csv: the table has 33,554,433 bytes, and 33,554,432 is the limit. {GET_THE_BANKS}",
        ),
    ],
    ids=["cut", "changed", "empty", "two tables", "bzip2", "bomb"],
)
def test_a_bad_zip_is_reported_by_what_is_wrong_with_it(archive, sentence):
    with pytest.raises(MalformedFile) as caught:
        read(archive, "hist.zip")
    assert str(caught.value) == sentence


def test_a_zip_that_lies_about_its_size_is_read_no_further():
    honest = zipped({"a.csv": "Date,USD,\n2026-10-30,1.1172,\n" + "\n" * 1_000_000})
    size = (1_000_029).to_bytes(4, "little")
    assert honest.count(size) == 2
    with pytest.raises(MalformedFile, match="damaged"):
        read(honest.replace(size, (29).to_bytes(4, "little")))


def test_a_bare_table_has_a_limit_too(monkeypatch):
    monkeypatch.setattr(ecb, "LARGEST_TABLE", 20)
    with pytest.raises(MalformedFile, match=r"hist\.csv: the table has 29 bytes, and 20 is the limit"):
        read("Date,USD,\n2026-10-30,1.1172,\n")


def test_the_banks_own_file_is_good(bank_file, bank_rates):
    with bank_file.open("rb") as file:
        found = {
            (str(day.date), currency): rate for day in read_days(file, bank_file.name) for currency, rate in day.rates
        }
    assert found == {key: Decimal(value) for key, value in bank_rates.items()}
