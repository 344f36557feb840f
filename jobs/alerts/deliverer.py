"""The process that makes deliveries: `python -m jobs.alerts.deliverer FD`, FD being its socket to the worker.

It is started when something is to be delivered, and ends a minute after nothing is due any more. A byte on the socket
wakes it; when its worker ends, so does it, after what it has begun.
"""

import logging
import os
import socket
import sys
import threading

import django


def main(descriptor: int) -> None:
    django.setup()
    from jobs.alerts.delivering import Delivering

    logging.getLogger("jobs").setLevel(logging.INFO)
    delivering = Delivering()
    worker = socket.socket(fileno=descriptor)
    threading.Thread(target=_listen, args=[worker, delivering], name="jobs-worker", daemon=True).start()
    delivering.run()
    sys.stdout.flush()
    os._exit(0)  # a thread may still wait for a server


def _listen(worker: socket.socket, delivering: "object") -> None:
    from jobs.alerts.delivering import Delivering, Woken

    assert isinstance(delivering, Delivering)
    while worker.recv(4096):
        delivering.events.put(Woken())
    delivering.events.put(Woken(stop=True))


if __name__ == "__main__":
    main(int(sys.argv[1]))
