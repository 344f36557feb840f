"""`manage.py jobs`: what is declared, how it last went, when it is due next."""

from jobs.commandline.verbs.jobs import Jobs
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Jobs()
