"""`manage.py missed JOB`: what had no run, and have it run now."""

from jobs.commandline.verbs.missed import Missed
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Missed()
