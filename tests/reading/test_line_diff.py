"""The difference of two texts, whatever they are, within its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from jobs.reading import line_diff
from jobs.reading.line_diff import Part, diff

lines = st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=12)


@given(lines, lines)
def test_a_difference_leads_from_the_one_text_to_the_other(first, second):
    parts = diff(first, second)
    assert [line for sign, some in parts if sign != "+" for line in some] == first
    assert [line for sign, some in parts if sign != "-" for line in some] == second


def test_lines_that_differ_in_numbers_moments_or_ids_are_alike():
    first = ["2026-03-14 12:00:01 run 7 of 0xdeadbeef done in 1.5 s"]
    second = ["2026-03-15 08:30:59 run 8812 of 0x1234 done in 22.75 s"]
    assert diff(first, second) == [Part(" ", second)]
    assert diff(["took 1 s"], ["failed"]) == [Part("-", ["took 1 s"]), Part("+", ["failed"])]


def test_what_differs_too_much_is_given_up_by_edits_and_by_time(monkeypatch):
    first, second = ["x" * place for place in range(1, 40)], ["y" * place for place in range(1, 40)]
    assert diff(first, second) == [Part("-", first), Part("+", second)]
    monkeypatch.setattr(line_diff, "MOST_EDITS", 70)
    assert diff(first, second) is None
    monkeypatch.setattr(line_diff, "MOST_EDITS", 400)
    monkeypatch.setattr(line_diff, "SECONDS", -1)
    assert diff(first, second) is None
