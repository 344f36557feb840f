"""What a child reports: read whatever it is."""

import json
import math
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.declarations import bounds
from jobs.execution.reports import LONGEST_LINE, Reports, clean
from jobs.masking import Masker

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
OF_A_REPORT = st.sampled_from(["done", "error", "result", "sql_statements", "at"])


def read(*pieces):
    reports = Reports(Masker(["hunter2"]))
    for piece in pieces:
        reports.take(piece)
    return reports


@given(JSON | st.fixed_dictionaries({"progress": JSON, "end": JSON | st.dictionaries(OF_A_REPORT, JSON)}))
def test_json_of_any_shape_raises_nothing(message):
    reports = read(json.dumps(message).encode() + b"\n", b'{"end": {"error": "late"}}\n')
    json.dumps([reports.progress, reports.end], allow_nan=True)
    assert reports.end["error"] == "late"


@pytest.mark.parametrize(
    "line",
    [
        b"42",
        b"[" * 3000 + b"]" * 3000,
        b"[" * 200_000,
        b'{"progress": ' + b"[" * 3000 + b"]" * 3000 + b"}",
        b'{"end": {"result": ' + b"[" * 3000 + b"]" * 3000 + b"}}",
        b'{"end": {"sql_statements": ' + b"9" * 4000 + b"}}",
        b"9" * 6000,
        b"\xff\xfe",
        b'{"progress": {"done":',
        b"x" * 3 * LONGEST_LINE,
    ],
)
def test_a_line_that_is_no_report_is_passed_over(line):
    reports = read(b'{"progress": {"done": 1}}\n' + line + b'\n{"end": {"code": 0}}\n')
    assert reports.progress == {"done": 1}
    assert reports.end["code"] == 0


@given(st.lists(st.integers(0, 60), max_size=6))
def test_a_report_may_come_in_pieces(cuts):
    line = b'\n{"progress": {"done": 3}}\n\n{"end": {"error": "no rates"}}\n'
    places = [0, *sorted(cuts), len(line)]
    reports = read(*(line[start:end] for start, end in pairwise(places)))
    assert (reports.progress, reports.end["error"]) == ({"done": 3}, "no rates")


def test_a_line_without_an_end_takes_no_more_memory_than_a_line_may():
    reports = Reports(Masker([]))
    tracemalloc.start()
    for _ in range(512):
        reports.take(b"x" * 65_536)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3 * LONGEST_LINE


def test_only_new_progress_is_reported():
    reports = Reports(Masker([]))
    assert reports.take(b'{"progress": {"done": 3}}\n')
    assert not reports.take(b'{"progress": null}\n{"progress": 7}\n')


def test_what_is_too_long_is_cut_and_says_so():
    reports = read(json.dumps({"progress": {"message": "m" * 5000}, "end": {"error": "e" * 50_000}}).encode() + b"\n")
    assert reports.progress == {"message": "m" * 1000 + " … (cut after 1,000 characters)"}
    assert reports.end["error"] == "e" * 8000 + " … (cut after 8,000 characters)"


def test_a_secret_at_the_cut_is_masked_too():
    error = "e" * (bounds.LONGEST_ERROR - 4) + "hunter2"
    reports = read(json.dumps({"end": {"error": error}}).encode() + b"\n")
    assert "hunt" not in reports.end["error"]


@pytest.mark.parametrize(
    ("result", "kept"),
    [
        ({"mean": math.nan, "most": [math.inf, 1.5]}, {"mean": "nan", "most": ["inf", 1.5]}),
        ({"a\x00b": "c\x00d"}, {"a�b": "c�d"}),
        ("\\u0000", "\\u0000"),
        ("half \ud83d", "half ?"),
        ({"token": "it is hunter2!"}, {"token": "it is ********!"}),
        ([None, True, 3], [None, True, 3]),
        (None, None),
    ],
)
def test_a_result_is_kept_as_postgresql_takes_it_and_without_secrets(result, kept):
    assert clean(result, Masker(["hunter2"]), bounds.LONGEST_RESULT) == kept
