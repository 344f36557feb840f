"""`manage.py hold --reason WHY`: let nothing start by itself, until `hold --end`."""

from jobs.commandline.verbs.hold import Hold
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Hold()
