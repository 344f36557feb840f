import pytest

from jobs.reading.output import find as finding
from jobs.reading.output.cursor import Cursor, UnreadableCursor
from jobs.reading.output.find import Match, Unsearchable, find
from jobs.reading.transcript import UnknownRun
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return a_run()


def numbers(found):
    return [match.number for match in found.matches]


def all_found(run, needle):
    """The numbers of all matches, and how many searches that took."""
    answers = [find(run.pk, needle)]
    while answers[-1].next:
        answers.append(find(run.pk, needle, str(answers[-1].next)))
    return [number for found in answers for number in numbers(found)], len(answers)


def test_lines_are_found_with_their_numbers_and_places(run):
    an_attempt(run, written=[b"one\ntwo err", b"or, Error\nthr", b"ee\nERROR"])
    assert find(run.pk, "error").matches == [
        Match(2, Cursor(1, 0, 4), 2, "two error, Error"),
        Match(4, Cursor(1, 2, 3), 1, "ERROR"),
    ]
    assert numbers(find(run.pk, "ERROR")) == [4], "capital letters are meant so"
    assert find(run.pk, "nothing") == finding.Found([], None)


def test_words_are_found_as_they_are_shown(run):
    an_attempt(run, written=[b"\x1b[31mer\x1b[1mror\x1b[0m\n 10%\r100% done\n\xff\xffbytes\x07\n"])
    assert [find(run.pk, needle).matches[0].text for needle in ("error", "100%", "bytes")] == [
        "error",
        "100% done",
        "��bytes ",
    ]
    assert find(run.pk, "10%").matches == []


def test_of_a_long_line_the_part_around_the_find_is_shown(run):
    an_attempt(run, written=[b"a" * 500 + b"needle" + b"b" * 500])
    [match] = find(run.pk, "needle").matches
    assert match.text == "…" + "a" * 100 + "needle" + "b" * 293 + "…"


@pytest.mark.parametrize("written", [b"a needle\nhay\n" * 100, b"hay needle " * 100])
def test_a_search_is_bounded_and_goes_on_where_it_stopped(run, written, monkeypatch):
    an_attempt(run, written=[written[place : place + 7] for place in range(0, len(written), 7)])
    monkeypatch.setattr(finding, "STEP", 64)
    monkeypatch.setattr(finding, "BYTES", 128)
    once, _ = all_found(run, "needle")
    many = written.count(b"\n") or None
    if many:
        assert (len(once), once[:2], once[-1]) == (100, [1, 3], 199)
    assert sum(match.count for match in everything(run, "needle")) == 100


def everything(run, needle):
    found = find(run.pk, needle)
    yield from found.matches
    while found.next:
        found = find(run.pk, needle, str(found.next))
        yield from found.matches


def test_so_many_lines_are_given_at_a_time(run, monkeypatch):
    an_attempt(run, written=[b"needle\n" * 25])
    monkeypatch.setattr(finding, "LINES", 10)
    assert all_found(run, "needle") == (list(range(1, 26)), 3)


def test_a_search_without_time_goes_on_later(run, monkeypatch):
    an_attempt(run, written=[b"needle\n"])
    monkeypatch.setattr(finding, "SECONDS", 0)
    assert find(run.pk, "needle") == finding.Found([], Cursor(1))


def test_a_search_takes_a_query_for_each_mib(run, django_assert_max_num_queries, monkeypatch):
    monkeypatch.setattr(finding, "SECONDS", 600)
    an_attempt(run, written=[b"a line of output as others are\n" * 2114] * 48)  # 3 MiB
    with django_assert_max_num_queries(5):
        assert find(run.pk, "no such words").next is None


@pytest.mark.parametrize("needle", ["", "two\nlines", "x" * 501])
def test_what_can_not_be_looked_for_is_refused(run, needle):
    with pytest.raises(Unsearchable, match=r"^Write what to look for: up to 500 characters on one line\.$"):
        find(run.pk, needle)


def test_a_cursor_or_run_that_is_none_is_refused(run):
    with pytest.raises(UnreadableCursor):
        find(run.pk, "needle", "there")
    with pytest.raises(UnknownRun):
        find(run.pk + 1, "needle")
