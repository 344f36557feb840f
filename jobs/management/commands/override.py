"""`manage.py override JOB`: another schedule, zone or other arguments, for a while."""

from jobs.commandline.verbs.override import Override
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Override()
