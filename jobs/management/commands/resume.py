"""`manage.py resume JOB…`: end a pause."""

from jobs.commandline.verbs.pause import Resume
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Resume()
