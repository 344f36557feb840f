from datetime import UTC, datetime, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest

from jobs import formats
from jobs.formats import clock, columns, command_line, counted, format_duration, plain, relative, shorten, size, table
from jobs.models import Run

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def test_a_table_is_as_narrow_as_its_cells():
    assert table(["JOB", "STATUS"], [["import_rates", "failed"], ["x", "lost"]], 80) == (
        "JOB           STATUS\n"
        "import_rates  failed\n"
        "x             lost"
    )  # fmt: skip


def test_the_widest_column_of_a_table_gives_way_first():
    assert table(["RUN", "NOTE"], [["17", "the third row of the file is wrong"]], 20) == (
        "RUN  NOTE\n"
        "17   the third row…"
    )  # fmt: skip


@pytest.mark.parametrize("width", [20, 30, 80, 100, 120])
@pytest.mark.parametrize("word", ["word ", "Grüße ", "夜間の仕事 ", "🌙"])
def test_no_line_of_a_table_is_wider_than_asked(width, word):
    rows = [[word * count for count in (1, 5, 20, 60)] for _ in range(3)]
    assert max(map(columns, table(["A", "B", "C", "D"], rows, width).splitlines())) <= width


def test_a_row_becomes_lines_where_its_columns_have_no_room():
    assert table(["RUN", "STATUS", "NOTE"], [["17", "succeeded", "the third row is wrong"]] * 2, 20) == (
        "RUN     17\n"
        "STATUS  succeeded\n"
        "NOTE    the third\n"
        "        row is wrong\n"
        "\n"
        "RUN     17\n"
        "STATUS  succeeded\n"
        "NOTE    the third\n"
        "        row is wrong"
    )


@pytest.mark.parametrize(("text", "width"), [("plain", 5), ("夜間", 4), ("e\u0301", 1), ("", 0)])
def test_a_text_takes_as_many_columns_as_a_terminal_gives_it(text, width):
    assert columns(text) == width


def test_a_cell_can_not_take_over_the_terminal():
    assert plain("red\x1b[31m\nnext line\ttab") == "red [31m next line tab"


@pytest.mark.parametrize(
    ("text", "length", "short"), [("four", 4, "four"), ("fourteen", 5, "four…"), ("two words", 5, "two…")]
)
def test_a_long_text_ends_in_dots(text, length, short):
    assert shorten(text, length) == short


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.004, "0 s"),
        (0.45, "0.45 s"),
        (9.9, "9.9 s"),
        (59.9, "59 s"),
        (200, "3 min 20 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (7500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
        (864_000, "10 d"),
    ],
)
def test_a_duration_is_reported_in_its_two_largest_units(seconds, words):
    assert format_duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "now"), (-0.9, "now"), (-1, "1 s ago"), (-200, "3 min ago"), (7500, "in 2 h"), (-90_000, "1 d ago")],
)
def test_a_moment_is_reported_from_now(seconds, words):
    assert relative(NOON + timedelta(seconds=seconds), NOON) == words


def test_the_clock_shows_the_time_of_today_and_the_date_of_other_days():
    now = NOON.astimezone(ZoneInfo("Europe/Berlin"))
    assert clock(NOON, now) == "13:00:00"
    assert clock(datetime(2026, 3, 14, 23, 30, tzinfo=UTC), now) == "2026-03-15 00:30"


def test_what_there_is_not_is_a_dash():
    assert (format_duration(None), relative(None, NOON), clock(None, NOON)) == ("–", "–", "–")


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 B"), (1023, "1023 B"), (65_536, "64 KiB"), (1_572_864, "1.5 MiB"), (5 * 1024**4, "5 TiB")],
)
def test_a_size_is_reported_in_its_largest_unit(count, words):
    assert size(count) == words


def test_arguments_can_be_pasted_into_a_shell():
    assert command_line(["--name", "two words", "--days=3"]) == "--name 'two words' --days=3"


@pytest.mark.parametrize(("count", "words"), [(0, "0 runs"), (1, "1 run"), (1_000_000, "1,000,000 runs")])
def test_things_are_counted(count, words):
    assert counted(count, "run") == words


def test_a_clock_that_was_set_back_shows_no_negative_duration():
    assert format_duration(timedelta(hours=-1)) == "0 s"
    back = Run(scheduled_for=NOON, started_at=NOON - timedelta(hours=1), finished_at=NOON - timedelta(hours=2))
    assert (back.duration, back.lateness) == (timedelta(0), timedelta(0))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\nwords\t1", "plain\nwords\t1"),
        ("\x1b[1;31mred\x1b[0m and \x1b[38;5;12mblue", "red and blue"),
        ("\x1b]8;;https://example.com\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1b]0;a title\x07words", "words"),
        ("  0%\r 50%\r100%\n", "100%\n"),
        ("  0%\r100%\r\ndone\r\n", "100%\ndone\n"),
        ("at work\r\x1b[K", "at work"),
        ("\x1b(Bwords\x1b", "words"),
        ("a\x00b\x07c\x9b", "abc"),
        ("\r\n\r\n", "\n\n"),
        ("invoice\u202egnp.exe\u2066", "invoicegnp.exe"),
    ],
)
def test_output_is_shown_as_a_terminal_leaves_it(text, shown):
    assert formats.as_shown(text) == shown


def test_long_lines_of_escapes_take_no_time():
    start = process_time()
    for text in ("\x1b" * 65_536, "\x1b]" * 32_768, "\x1b[" * 32_768, "\r" * 65_536, "\x1b[0" * 20_000):
        formats.as_shown(text)
    assert process_time() - start < 5  # measured: 0.1 s
