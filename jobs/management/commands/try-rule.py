"""`manage.py try-rule JOB RULE`: which incidents a rule of alerts would have opened in the latest 30 days."""

from jobs.commandline.verbs.try_rule import TryRule
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = TryRule()
