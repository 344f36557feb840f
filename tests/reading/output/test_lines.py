import pytest

from jobs.choices import AttemptStatus, Status
from jobs.models import Output
from jobs.reading.output.cursor import Cursor
from jobs.reading.output.lines import cursor_of_line, lines_of
from jobs.reading.output.pieces import read_after
from tests.helpers.rows import NOON, a_run, an_attempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def attempt():
    return an_attempt(a_run(status=Status.RUNNING), status=AttemptStatus.RUNNING)


def shown(lines):
    return [(line.number, line.text) for line in (*lines.finished, *([lines.unfinished] if lines.unfinished else []))]


class Page:
    """What a page shows of a run while it is at work: it reads again from where its last line begins."""

    def __init__(self, attempt):
        self.attempt, self.place, self.style = attempt, None, ""
        self.lines = {}

    def writes(self, *bodies):
        for body in bodies:
            Output.objects.create(
                attempt=self.attempt, number=self.attempt.output.count(), at=NOON, body=body, lines_before=self.newlines
            )

    @property
    def newlines(self):
        return b"".join(self.attempt.output.values_list("body", flat=True)).count(b"\n")

    def poll(self):
        pieces = read_after(self.attempt.run_id, self.place)
        lines = lines_of(pieces, self.style)
        self.place, self.style = str(pieces.again), lines.style
        self.lines |= {line.number: line for line in lines.finished}
        if lines.unfinished:
            self.lines[lines.unfinished.number] = lines.unfinished
        return [line.text for line in self.lines.values()]


def test_a_page_shows_a_line_that_grows_a_progress_bar_and_a_colour_that_goes_on(attempt):
    page = Page(attempt)
    page.writes(b"one\nload")
    assert page.poll() == ["one", "load"]
    page.writes(b"ing \x1b[3")
    assert page.poll() == ["one", "loading "]
    page.writes(b"1m 1%\r")
    assert page.poll() == page.poll() == ["one", "loading  1%"]
    page.writes(b"loading  2%\rloading  3%")
    assert page.poll() == page.poll() == ["one", "loading  3%"]
    page.writes(b"\r\ndone")
    assert page.poll() == ["one", "loading  3%", "done"]
    assert {line.number: line.segments[-1].classes for line in page.lines.values()} == {
        1: (),
        2: ("ansi-red",),
        3: ("ansi-red",),
    }


def test_lines_keep_their_numbers_wherever_one_begins_to_read():
    run = a_run()
    an_attempt(run, written=[b"one\ntwo\nth", b"ree\n", b"four\nfive"])
    assert shown(lines_of(read_after(run.pk))) == [(1, "one"), (2, "two"), (3, "three"), (4, "four"), (5, "five")]
    assert shown(lines_of(read_after(run.pk, tail=10))) == [(4, "four"), (5, "five")]
    assert shown(lines_of(read_after(run.pk, "1.0.4"))) == [(2, "two"), (3, "three"), (4, "four"), (5, "five")]


@pytest.mark.parametrize(
    ("number", "place"),
    [(1, (1, 0, 0)), (2, (1, 0, 4)), (3, (1, 0, 8)), (4, (1, 1, 4)), (5, (1, 2, 5)), (6, (1, 3, 0)), (99, (1, 3, 0))],
)
def test_a_line_is_found_by_its_number(number, place, django_assert_num_queries):
    run = a_run()
    an_attempt(run, written=[b"one\ntwo\nth", b"ree\n", b"four\nfive"])
    with django_assert_num_queries(2 if number > 1 else 1):
        assert cursor_of_line(run.pk, number) == Cursor(*place)


def test_a_line_without_end_is_given_up_in_parts(attempt):
    page = Page(attempt)
    page.writes(*[b"x" * 60_000] * 3)
    assert [len(line) for line in page.poll()] == [65536]
    page.poll()
    assert page.place == "1.2.11072"


def test_a_former_release_wrote_no_numbers(attempt):
    Page(attempt).writes(b"one\n")
    Output.objects.update(lines_before=None)
    assert shown(lines_of(read_after(attempt.run_id))) == [(None, "one")]
