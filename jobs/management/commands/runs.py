"""`manage.py runs`: the latest runs."""

from jobs.commandline.verbs.runs import Runs
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Runs()
