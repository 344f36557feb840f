"""The tour of the code names what there is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOUR = (ROOT / "docs/tour.md").read_text()
NAMED = re.findall(r"`(jobs/[\w/]+\.py)`(?:\s+`([\w.]+)`)?", TOUR)
JOURNEYS = re.split(r"^## ", TOUR, flags=re.MULTILINE)[1:]


def names_in(file):
    """Functions and classes of a module, and methods as Class.method."""
    for node in ast.parse((ROOT / file).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}.{method.name}" for method in node.body if isinstance(method, ast.FunctionDef))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_name_on_it_exists(file, name):
    assert (ROOT / file).is_file()
    assert not name or name in names_in(file)


def test_it_has_five_journeys_of_fewer_than_15_stops():
    assert len(JOURNEYS) == 5
    assert all(0 < len(re.findall(r"^\d+\. ", journey, re.MULTILINE)) < 15 for journey in JOURNEYS)
