"""The process that delivers, with other times: `python -m tests.alerts.process LEASE LINGER`, in seconds."""

import sys
from datetime import timedelta

import django


def main(lease, linger):
    django.setup()
    from jobs.alerts import outbox
    from jobs.alerts.delivering import Delivering

    outbox.LEASE = timedelta(seconds=lease)
    Delivering(linger=linger).run()


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
