"""`manage.py next JOB`: when a job is due next."""

from jobs.commandline.verbs.next import Next
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Next()
