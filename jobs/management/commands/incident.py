"""`manage.py incident show|acknowledge|snooze|resolve N`: read an incident, and do something about it."""

from jobs.commandline.verbs.incident import Incident
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Incident()
