"""`manage.py completion SHELL`: what a shell needs to complete the words of a command line."""

from jobs.commandline.verbs.completion import Completion
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Completion()
