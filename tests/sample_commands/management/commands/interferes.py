import _thread
import multiprocessing
import os
import sys
import time

from django.core.management.base import BaseCommand

from jobs.progress import report


class Command(BaseCommand):
    """Interferes with what its process has of ours."""

    def add_arguments(self, parser):
        parser.add_argument("how", choices=["interrupts", "closes", "terminates", "exits"])
        parser.add_argument("--up-to", type=int, default=256)
        parser.add_argument("--file")

    def handle(self, *, how, up_to, file, **options):
        match how:
            case "interrupts":
                _thread.interrupt_main()
                time.sleep(5)
            case "closes":
                os.closerange(3, up_to)
                # Whatever number ours had is a file of the command's now.
                files = [os.open(file, os.O_WRONLY | os.O_CREAT) for _ in range(3, up_to)]
                report(done=1, total=2)
                return f"{len(files)} files"
            case "terminates":
                process = multiprocessing.get_context("fork").Process(target=time.sleep, args=[60])
                process.start()
                time.sleep(0.2)
                process.terminate()
                process.join(10)
                return str(process.exitcode)
            case "exits":
                sys.exit(2**70)
        return None
