"""`manage.py retry RUN…`: run again what has ended."""

from jobs.commandline.verbs.retry import Retry
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Retry()
