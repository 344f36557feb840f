"""`manage.py pause JOB…`: skip a job's occurrences for a while."""

from jobs.commandline.verbs.pause import Pause
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Pause()
