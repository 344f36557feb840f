"""`manage.py incidents`: what is wrong with the jobs, the worst first."""

from jobs.commandline.verbs.incidents import Incidents
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Incidents()
