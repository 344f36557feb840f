"""A call is reported, whatever becomes of the question how its run ended."""

import asyncio
import threading
from types import SimpleNamespace

from jobs.localhost import invocations
from jobs.localhost.clock import SystemClock
from jobs.localhost.invocations import Invocations
from jobs.localhost.worker import Reply

CALLS = 50


class Replies:
    """A worker whose functions return at once: no library and no thread stands between a call and its report."""

    async def invoke(self, *_):
        return Reply()


def test_a_database_that_never_answers_holds_up_neither_a_call_nor_the_hosts_end(monkeypatch):
    monkeypatch.setattr(invocations, "PATIENCE", 0.05)
    answers, said = threading.Event(), []
    asked = Invocations(Replies(), SystemClock(), said.append, lambda *_: str(answers.wait()))
    rescue = threading.Timer(20, answers.set)
    rescue.start()
    function = SimpleNamespace(name="nightly")

    async def call_them():
        await asyncio.gather(*(asked.call(function, "schedule", None) for _ in range(CALLS)))

    with asyncio.Runner() as runner:
        runner.run(call_them())
    assert not answers.is_set(), "nobody has waited for the threads"
    rescue.cancel()
    answers.set()
    assert [line.split()[-1] for line in said] == ["ok"] * CALLS
