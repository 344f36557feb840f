import atexit
import os
import signal
import threading
import time

from django.core.management.base import BaseCommand
from django.db import connection


def sleep():
    while True:
        time.sleep(60)


class Command(BaseCommand):
    """Doesn't end by itself, each way in another manner."""

    def add_arguments(self, parser):
        parser.add_argument("how", choices=["stopped", "swallows", "atexit", "thread", "transaction", "query"])

    def handle(self, *, how, **options):
        print("at work")
        match how:
            case "stopped":
                os.kill(os.getpid(), signal.SIGSTOP)
                sleep()
            case "swallows":
                while True:
                    try:
                        sleep()
                    except BaseException:  # noqa: BLE001 — on purpose
                        print("swallowed")
            case "atexit":
                atexit.register(sleep)
            case "thread":
                threading.Thread(target=sleep).start()
            case "transaction":
                self.begin_a_transaction(11)
                sleep()
            case "query":
                self.begin_a_transaction(12)
                connection.cursor().execute("SELECT pg_sleep(60)")

    def begin_a_transaction(self, lock):
        connection.set_autocommit(False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock])
            cursor.execute(f"CREATE TABLE left_open_{lock} ()")
