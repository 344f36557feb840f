"""The tool that compares runs with cron: what it takes for a difference, and what for one that is meant."""

import pytest

from tools.compare.cases import THIRD_PARTY
from tools.compare.differences import between
from tools.compare.sides import Ended

HOME = {"COMPARE_HOME": "/nowhere"}


def cron(code=0, stdout="", stderr="", events=()):
    return Ended(code, stdout, stderr, list(events), environment=HOME)


def run(code=0, stdout="", stderr="", events=(), error=""):
    return Ended(code, stdout, stderr, list(events), error, True, HOME)


def test_forty_commands_of_other_packages_are_compared():
    assert len({case.words[0] for case in THIRD_PARTY}) >= 40


def test_what_ends_alike_differs_in_nothing():
    assert between(cron(0, "took 1.5 s\n"), run(0, "took 3 s\n")) == []


@pytest.mark.parametrize(
    ("by_cron", "by_run"),
    [
        (cron(1), run(2, error="The command ended with exit code 2.")),
        (cron(0, "a\n"), run(0, "b\n")),
        (cron(0, stderr="a\n"), run(0, "a\n")),
        (cron(1, events=["ValueError"]), run(1, error="The command ended with exit code 1.")),
        (cron(1, stderr="no rates\n"), run(1, stderr="no rates\n", error="")),
        (cron(1, stderr="no rates\n"), run(1, stderr="no rates\n", error="unheard of")),
        (cron(0, stderr="few\n"), run(0, stderr="INFO shop: few\n")),
    ],
)
def test_a_difference_is_found(by_cron, by_run):
    assert [difference for difference in between(by_cron, by_run) if not difference.meant]


TRACEBACK = """Traceback (most recent call last):
  File "/app/manage.py", line 9, in <module>
    execute_from_command_line(sys.argv)
    ~~~~~~~~~~~~~~~~~~~~~~~~~^^^^^^^^^^
  File "/lib/django/core/management/base.py", line 420, in run_from_argv
    self.execute(*args, **cmd_options)
  File "/app/shop/management/commands/import.py", line 7, in handle
    raise ValueError("row 3")
ValueError: row 3
"""
OF_THE_RUN = """Traceback (most recent call last):
  File "/app/shop/management/commands/import.py", line 7, in handle
    raise ValueError("row 3")
ValueError: row 3
"""


@pytest.mark.parametrize(
    ("by_cron", "by_run", "why"),
    [
        (cron(1, stderr=TRACEBACK), run(1, stderr=OF_THE_RUN, error="ValueError: row 3"), "a run's traceback begins"),
        (cron(0, stderr="few\n"), run(0, stderr="INFO shop: many\nWARNING shop: few\n"), "from INFO on"),
        (cron(0, "key: hunter2\n"), run(0, "key: ********\n"), "secrets are masked"),
        (
            cron(
                0,
                "done\n",
                "System check identified some issues:\n\nWARNINGS:\n?: (shop.W001) Odd.\n\tHINT: Mind it.\n",
            ),
            run(0, "done\n"),
            "skips the system checks",
        ),
    ],
)
def test_a_difference_that_is_meant_is_named(by_cron, by_run, why):
    (difference,) = between(by_cron, by_run)
    assert why in difference.meant
