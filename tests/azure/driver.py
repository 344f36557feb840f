"""Run in a process of its own: indexes function_app.py with the real worker library and makes the calls it is given.

python -m tests.azure.driver < calls.json      a list of {"function": …, "data": {…}} or {"http": …}
"""

import asyncio
import json
import sys
from datetime import timedelta

from django.conf import settings

from jobs.localhost.protos import PROTOS, typed
from jobs.localhost.worker import Worker


async def main(calls):
    worker = Worker()
    functions = {function.name: function for function in await worker.index(settings.BASE_DIR)}
    replies = []
    for call in calls:
        replies.append(await reply_to(worker, functions[call["function"]], call))
    found = {name: list(function.bindings) for name, function in functions.items()}
    from jobs.execution.worker import this_worker

    this_worker.shut_down(timedelta(0))
    worker.stop()
    return {"functions": found, "replies": replies}


async def reply_to(worker, function, call):
    match function.kind:
        case "timerTrigger":
            data, metadata = typed(json=json.dumps(call["timer"])), {}
        case "queueTrigger":
            data = typed(string=call["message"])
            metadata = {"Id": typed(string="1"), "DequeueCount": typed(json="1")}
        case _:
            data, metadata = typed(http=http(**call["http"])), {}
    reply = await worker.invoke(function, data, metadata)
    if reply.error or function.kind != "httpTrigger":
        return {"error": reply.error}
    response = reply.value.http
    return {
        "error": "",
        "status": int(response.status_code),
        "body": bytes(response.body.bytes or (response.body.string or "").encode()).decode(),
        "headers": {name.lower(): value for name, value in response.headers.items()},
    }


def http(method, path):
    return PROTOS.RpcHttp(
        method=method,
        url=f"http://localhost{path}",
        headers={"host": "localhost"},
        query={},
        params={"route": path.strip("/")},
        body=typed(bytes=b""),
    )


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(asyncio.run(main(json.load(sys.stdin)))))
    sys.stdout.flush()
