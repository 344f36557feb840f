"""`manage.py channels`: the ways by which messages about incidents go out."""

from jobs.commandline.verbs.channels import Channels
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Channels()
