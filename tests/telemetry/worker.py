"""A worker in a process of its own: the real worker library, with a root handler as the worker around it has one.

python -m tests.telemetry.worker < calls.json      a list of {"message": run, "traceparent": …},
                                                   {"timer": function, "status": …, "traceparent": …}, {"wait": seconds}
"""

import asyncio
import json
import logging
import os
import sys
from datetime import timedelta


class HostsHandler(logging.Handler):
    """In the place of the worker's own, which sends each line to the host."""

    lines: list[str] = []

    def emit(self, record):
        self.lines.append(record.getMessage())


async def main(calls):
    from django.conf import settings

    from jobs import telemetry
    from jobs.execution.worker import this_worker
    from jobs.localhost.protos import typed
    from jobs.localhost.worker import Worker

    worker = Worker()
    functions = {function.name: function for function in await worker.index(settings.BASE_DIR)}
    print("ready", flush=True)
    errors = []
    for call in calls:
        if "wait" in call:
            await asyncio.sleep(call["wait"])
            continue
        if name := call.get("timer"):
            timer = typed(json=json.dumps({"IsPastDue": False, "ScheduleStatus": call.get("status")}))
            reply = await worker.invoke(functions[name], timer, traceparent=call.get("traceparent", ""))
        else:
            metadata = {"Id": typed(string="1"), "DequeueCount": typed(json="1")}
            reply = await worker.invoke(
                functions["execute_run"], typed(string=str(call["message"])), metadata, call.get("traceparent", "")
            )
        errors.append(reply.error)
    this_worker.shut_down(timedelta(0))
    telemetry.flush(timedelta(seconds=10))
    worker.stop()
    return {
        "errors": errors,
        "lines": HostsHandler.lines,
        "opentelemetry": [name for name in sys.modules if name.partition(".")[0] == "opentelemetry"],
    }


if __name__ == "__main__":
    orders = json.load(sys.stdin)
    handler = HostsHandler()
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    import django

    django.setup()
    told = asyncio.run(main(orders))
    assert handler in logging.getLogger().handlers
    print(json.dumps(told), flush=True)
    os._exit(0)  # as a worker ends that has left (jobs/azure/shutdown.py)
