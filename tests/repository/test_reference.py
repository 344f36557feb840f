"""The pages that are written from the code are as it writes them."""

import pytest

from tools.reference.pages import PAGES, ROOT


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_up_to_date(path):
    assert (ROOT / path).read_text() == PAGES[path](), "Run `make docs`."
