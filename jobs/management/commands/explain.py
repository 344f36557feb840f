"""`manage.py explain JOB [WHEN]`: what happened to an occurrence."""

from jobs.commandline.verbs.explain import Explain
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Explain()
