import re
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from errno import ECONNREFUSED
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from examples.rates import source
from examples.rates.ecb import URL
from examples.rates.models import Currency, Rate

GET_THE_BANKS = f"Get the bank's file from {URL}."
LOOK_THERE = "Check what it returns, or give a file: --source eurofxref-hist.zip."


@contextmanager
def server(handler):
    """A web server on this machine; gives its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as httpd:
        threading.Thread(target=httpd.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()


def folder(path):
    return partial(SimpleHTTPRequestHandler, directory=path)


def answering(body, length=None):
    """A handler that sends this body, and announces this length."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body) if length is None else length))
            self.end_headers()
            self.wfile.write(body)

    return Handler


@pytest.mark.django_db
def test_the_whole_history_comes_in_and_a_second_time_changes_nothing(import_rates, bank_rates, table):
    days = sorted(date for date, _ in bank_rates)
    count, currencies = f"{len(bank_rates):,}", len({currency for _, currency in bank_rates})
    read = f"{count} rates of {currencies} currencies, {days[0]} to {days[-1]}"

    assert import_rates().startswith(f"{read}: {count} new, 0 changed, 0 unchanged.")
    assert table() == {key: Decimal(value) for key, value in bank_rates.items()}
    assert import_rates() == f"{read}: 0 new, 0 changed, {count} unchanged.\n"


@pytest.mark.django_db
def test_the_latest_days_alone_come_in(import_rates, bank_rates, table):
    latest = sorted({date for date, _ in bank_rates})[-3:]
    output = import_rates("--days=3")
    assert table() == {key: Decimal(value) for key, value in bank_rates.items() if key[0] in latest}
    assert output.startswith(f"{len(table())} rates of ")


@pytest.mark.django_db
def test_the_latest_days_are_found_in_any_order(import_rates, tmp_path, table):
    path = tmp_path / "rates.csv"
    path.write_text("Date,USD,\n2026-10-28,1.3,\n2026-10-30,1.1,\n2026-10-29,1.2,\n")
    import_rates("--days=2", source=path)
    assert set(table()) == {("2026-10-30", "USD"), ("2026-10-29", "USD")}


@pytest.mark.django_db
def test_only_what_differs_is_written(import_rates, three_days, tmp_path, table):
    import_rates(source=three_days)
    ids = dict(Rate.objects.values_list("rate", "id"))
    path = tmp_path / "rates.csv"
    path.write_text("Date,USD,JPY,\n2026-11-02,1.1201,N/A,\n2026-10-30,1.1177,175.680,\n")

    output = import_rates(source=path)

    assert output == "3 rates of 2 currencies, 2026-10-30 to 2026-11-02: 1 new, 1 changed, 1 unchanged.\n"
    assert table()["2026-10-30", "USD"] == Decimal("1.1177")
    assert Rate.objects.get(rate="1.1177").pk == ids[Decimal("1.1172")]


@pytest.mark.django_db
def test_what_is_there_already_uses_up_no_id(import_rates, three_days):
    import_rates(source=three_days)
    import_rates(source=three_days)
    newest = Rate.objects.latest("id")
    assert Rate.objects.create(currency=newest.currency, date="2026-11-02", rate=1).pk == newest.pk + 1


@pytest.mark.django_db
def test_a_rate_that_the_file_no_longer_has_stays(import_rates, three_days, tmp_path, table):
    import_rates(source=three_days)
    path = tmp_path / "rates.csv"
    path.write_text("Date,USD,JPY,\n2026-10-30,1.1172,N/A,\n")
    import_rates(source=path)
    assert len(table()) == 6


@pytest.mark.django_db
def test_a_currency_nobody_knew_is_created_and_reported(import_rates, tmp_path):
    Currency.objects.get_or_create(code="USD", defaults={"name": "US dollar"})
    path = tmp_path / "rates.csv"
    path.write_text("Date,USD,XAU,XAG,\n2026-10-30,1.1172,0.0003,0.02,\n")
    assert import_rates(source=path) == (
        "3 rates of 3 currencies, 2026-10-30 to 2026-10-30: 3 new, 0 changed, 0 unchanged. "
        "New currencies, which have no name yet: XAG, XAU.\n"
    )
    assert Currency.objects.get(code="XAU").name == ""


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", f"rates: the file is empty. {GET_THE_BANKS}"),
        (b"<html>Sorry</html>", f"rates: this is a web page, not a table of rates. {GET_THE_BANKS}"),
        (b"PK\x03\x04, or so", f"rates: the zip is damaged (File is not a zip file). {GET_THE_BANKS}"),
        (
            b"Date,USD,Note,\n2026-11-02,1.2,hello,\n",
            "rates, line 1: the column 'Note' is not a currency. Write its ISO code, three capital letters: USD.",
        ),
        (
            b"Date,USD,\n2026-11-02,1.2,\n2026-11-02,1.3,\n",
            "rates, line 3: 2026-11-02 is on line 2 too. Remove one.",
        ),
        (
            b"Date,USD,\n2026-11-02,1.2,\n" + b"2026-10-30,1.1x72,\n",
            "rates, line 3: the rate of USD is '1.1x72'. Write a number above 0, with at most 10 digits before the "
            "point and 8 after it: 1.1172. Or write N/A.",
        ),
    ],
)
@pytest.mark.parametrize("days", [[], ["--days=1"]], ids=["all days", "one day"])
def test_a_malformed_file_changes_nothing(import_rates, three_days, tmp_path, table, content, sentence, days):
    import_rates(source=three_days)
    before = table()
    path = tmp_path / "rates"
    path.write_bytes(content)

    with pytest.raises(CommandError) as caught:
        import_rates(*days, source=path)

    assert str(caught.value) == sentence
    assert table() == before


@pytest.mark.django_db
def test_a_mistake_on_the_last_line_of_the_history_takes_back_all_of_it(import_rates, bank_file, tmp_path, unzipped):
    path = tmp_path / "eurofxref-hist.csv"
    path.write_text(re.sub(r"\n1999-01-04,1\.1789", "\n1999-01-04,1.1x89", unzipped(bank_file)))
    with pytest.raises(CommandError, match=r"^eurofxref-hist.csv, line 7127: the rate of USD is '1.1x89'. Write a "):
        import_rates(source=path)
    assert not Rate.objects.exists()


@pytest.mark.parametrize("days", [0, -3])
def test_no_days_are_no_import(import_rates, days):
    with pytest.raises(CommandError) as caught:
        import_rates(f"--days={days}")
    assert str(caught.value) == f"--days is {days}. Write a whole number, 1 or more."


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nowhere/hist.zip", "No such file or directory"),
        ("/tmp", "it is not a file"),
        ("/dev/zero", "it is not a file"),
    ],
)
def test_a_source_that_is_no_file_is_reported(import_rates, path, reason):
    with pytest.raises(CommandError) as caught:
        import_rates(source=path)
    assert str(caught.value) == f"{path} can't be read: {reason}. Give the path of a file, or an address: https://…"


@pytest.mark.django_db
def test_the_file_comes_over_http(import_rates, three_days):
    with server(folder(three_days.parent)) as address:
        output = import_rates(source=f"{address}/eurofxref-hist.zip")
    assert output.startswith("6 rates of 3 currencies, 2026-10-28 to 2026-10-30: 6 new, 0 changed, 0 unchanged.")


@pytest.mark.parametrize(
    ("handler", "reason"),
    [
        (folder("/nowhere"), "HTTP Error 404: File not found"),
        (answering(b"PK", length=12_000), "it broke off 11,998 bytes before the end"),
        (answering(b"x" * 300), "it sends more than 200 bytes"),
    ],
    ids=["missing", "broken off", "too large"],
)
def test_a_download_that_fails_is_reported(import_rates, monkeypatch, handler, reason):
    monkeypatch.setattr(source, "LARGEST_DOWNLOAD", 200)
    with server(handler) as address, pytest.raises(CommandError) as caught:
        import_rates(source=f"{address}/eurofxref-hist.zip")
    assert str(caught.value) == f"{address}/eurofxref-hist.zip can't be read: {reason}. {LOOK_THERE}"


def test_a_server_that_says_nothing_is_given_up(import_rates, monkeypatch):
    monkeypatch.setattr(source, "SILENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(CommandError) as caught:
            import_rates(source=address)
    assert str(caught.value) == f"{address} can't be read: timed out. {LOOK_THERE}"


def test_a_server_that_never_ends_is_given_up(import_rates, monkeypatch):
    monkeypatch.setattr(source, "PATIENCE", -1)
    with server(answering(b"PK")) as address, pytest.raises(CommandError) as caught:
        import_rates(source=address)
    assert str(caught.value) == f"{address} can't be read: it takes more than -1 s. {LOOK_THERE}"


def test_nobody_at_the_address_is_reported(import_rates):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    with pytest.raises(CommandError) as caught:
        import_rates(source=address)
    assert str(caught.value) == f"{address} can't be read: [Errno {ECONNREFUSED}] Connection refused. {LOOK_THERE}"


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_share_the_work(tmp_path):
    codes = [first + second + "X" for first in "ABCDEFGH" for second in "ABCDEFGH"]
    lines = [f"{2000 + year}-{month:02}-01" + ",1.5" * len(codes) for year in range(25) for month in range(1, 13)]
    Currency.objects.bulk_create(Currency(code=code) for code in codes)
    # In opposite orders each would soon wait for a row that the other has written.
    for name, ordered in {"up": lines, "down": lines[::-1]}.items():
        (tmp_path / name).write_text("\n".join([",".join(["Date", *codes]), *ordered]))
    at_once = threading.Barrier(2)

    def run(name):
        output = StringIO()
        at_once.wait()
        try:
            call_command("import_rates", f"--source={tmp_path / name}", stdout=output)
        finally:
            connection.close()
        return output.getvalue()

    with ThreadPoolExecutor(2) as threads:
        outputs = list(threads.map(run, ["up", "down"]))

    counts = sorted(re.findall(r"[0-9,]+ new, 0 changed, [0-9,]+ unchanged", "".join(outputs)))
    assert counts == ["0 new, 0 changed, 19,200 unchanged", "19,200 new, 0 changed, 0 unchanged"]
    assert Rate.objects.count() == 19_200


def test_a_laptop_reads_the_file_it_has_and_a_server_asks_the_bank(settings, bank_file, monkeypatch):
    settings.LOCAL = True
    assert source.default_source() == str(bank_file)
    monkeypatch.setattr(source, "find_spec", lambda name: None)
    assert source.default_source() == URL
    monkeypatch.undo()
    settings.LOCAL = False
    assert source.default_source() == URL
