"""`manage.py cancel RUN…`: end runs."""

from jobs.commandline.verbs.cancel import Cancel
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Cancel()
