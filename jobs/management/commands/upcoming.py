"""`manage.py upcoming`: when all jobs are due next."""

from jobs.commandline.verbs.upcoming import Upcoming
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Upcoming()
