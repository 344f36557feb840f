"""`manage.py presets JOB`: sets of a job's arguments that people keep under a name."""

from jobs.commandline.verbs.presets import Presets
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Presets()
