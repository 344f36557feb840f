"""Two tabs left open, and a third out of sight: what they ask for, and what that costs. `make polling MINUTES=60`."""

import os
import resource
import time
from collections import Counter

import pytest

from jobs.models import Output
from tests.helpers.rows import NOON, a_claimed_run, a_run

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(0)]
MINUTES = float(os.environ.get("MINUTES", "1"))
# In seconds: how often something new is written while the tabs are open.
NEWS = 30


class Tab:
    """A page, and what its script has asked for."""

    def __init__(self, name, page, path, *, hidden=False):
        self.name, self.page = name, page
        self.answers, self.bytes = Counter(), 0
        if hidden:
            page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true })")
        page.goto(path)
        page.on("response", self.count)

    def count(self, answer):
        if "x-nightshift-poll" in answer.request.headers:
            self.answers[answer.status] += 1
            self.bytes += int(answer.headers.get("content-length", 0)) + len(str(answer.headers))

    def report(self):
        asked = ", ".join(f"{count} x {status}" for status, count in sorted(self.answers.items())) or "nothing"
        return f"{self.name:24} {asked}; {self.bytes:,} bytes"


def test_tabs_that_are_left_open(visitor, admin_user, declared, capsys):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    run, _ = a_claimed_run()
    attempt = run.attempts.get()
    tabs = [
        Tab("the overview", visitor(admin_user), "/"),
        Tab("a run at work", visitor(admin_user), f"/runs/{run.pk}/"),
        Tab("runs, out of sight", visitor(admin_user), "/runs/", hidden=True),
    ]
    began, cpu = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    news = 0
    while (passed := time.monotonic() - began) < MINUTES * 60:
        tabs[0].page.wait_for_timeout(1_000)
        if passed > news * NEWS:
            Output.objects.create(attempt=attempt, number=news, at=NOON, body=b"a line\n" * 10, lines_before=news * 10)
            a_run()
            news += 1
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = spent.ru_utime + spent.ru_stime - cpu.ru_utime - cpu.ru_stime
    with capsys.disabled():
        print(f"\n{MINUTES:g} min, {news} changes; {seconds:.1f} s of CPU, the test's own included")
        print("\n".join(tab.report() for tab in tabs))
    overview, output, hidden = (sum(tab.answers.values()) for tab in tabs)
    assert hidden == 0
    assert 0 < overview <= MINUTES * 6 + 2
    assert 0 < output <= MINUTES * 60 * (1 + 1 / 5) + 2
