"""`manage.py audit`: who did what, by which door, and what was refused."""

from jobs.commandline.verbs.audit import Audit
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Audit()
