"""Crontabs as they are met: tests/scaffold/wild has each with the schedule.py that it becomes.

`python -m tests.scaffold.test_wild_crontabs` writes them again: read the difference.
"""

import ast
from pathlib import Path

import pytest

from jobs.scaffold.crontabs.reader import read
from jobs.scaffold.source import source_of
from jobs.schedule.ncrontab import Expression

WILD = Path(__file__).with_name("wild")
CRONTABS = sorted(WILD.glob("*.crontab"))


def written(crontab):
    return source_of(read(crontab.read_text(), settings="shop.settings"), header="")


@pytest.mark.parametrize("crontab", CRONTABS, ids=lambda file: file.stem)
def test_it_becomes_these_declarations(crontab):
    assert written(crontab) == crontab.with_suffix(".expected").read_text()


@pytest.mark.parametrize("crontab", CRONTABS, ids=lambda file: file.stem)
def test_each_schedule_is_ncrontab_and_each_line_is_declared_or_refused(crontab):
    source = written(crontab)
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.keywords]
    for call in calls:
        for keyword in call.keywords:
            if keyword.arg == "schedule":
                Expression(ast.literal_eval(keyword.value))
    for number, line in enumerate(crontab.read_text().splitlines(), start=1):
        is_entry = line.strip() and not line.startswith("#") and line.partition("=")[0].strip().isidentifier() is False
        assert f"line {number}: " in source or not is_entry


def test_there_are_twenty():
    assert len(CRONTABS) == 20


if __name__ == "__main__":
    for file in CRONTABS:
        file.with_suffix(".expected").write_text(written(file))
