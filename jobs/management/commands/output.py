"""`manage.py output RUN`: what an attempt wrote."""

from jobs.commandline.verbs.output import Output
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Output()
