"""`manage.py follow RUN`: what a run writes, live, until it ends."""

from jobs.commandline.verbs.run import Follow
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Follow()
