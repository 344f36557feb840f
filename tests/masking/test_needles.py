"""Many byte strings, found in another."""

import re
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.masking import needles as module
from jobs.masking.needles import FEW, Needles

# Two letters, so that strings begin, end and repeat within one another; and each length at which they are found in
# another way.
TEXT = st.text("ab", max_size=120).map(str.encode)
NEEDLES = st.lists(st.text("ab", min_size=6, max_size=50).map(str.encode), min_size=1, max_size=6)


@pytest.fixture(params=[FEW, 0], ids=["few", "many"], scope="module", autouse=True)
def by_words(request):
    """The same as a few are found, and as many are."""
    with patch.object(module, "FEW", request.param):
        yield


@given(NEEDLES, st.lists(TEXT | NEEDLES.map(b"".join), max_size=6).map(b"".join))
def test_the_first_is_replaced_and_of_those_the_longest(needles, data):
    pattern = b"|".join(map(re.escape, sorted(needles, key=len, reverse=True)))
    assert Needles(needles).replace(data, b"-", more=False) == (re.sub(pattern, b"-", data), len(data))


@given(NEEDLES, st.data())
def test_what_may_become_a_needle_isnt_read_yet(needles, drawn):
    needle = drawn.draw(st.sampled_from(needles))
    before, length = drawn.draw(TEXT), drawn.draw(st.integers(1, len(needle) - 1))
    _, read = Needles(needles).replace(before + needle[:length], b"-", more=True)
    stays = Needles(needles).replace(before + needle, b"-", more=False)[0]
    shown, _ = Needles(needles).replace(before + needle[:length], b"-", more=True)
    rest = (before + needle)[read:]
    assert shown + Needles(needles).replace(rest, b"-", more=False)[0] == stays


def test_without_needles_there_is_nothing_to_look_for():
    assert not Needles([])
