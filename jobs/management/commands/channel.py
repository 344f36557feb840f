"""`manage.py channel test|on NAME`: try a channel of alerts, or switch one on again."""

from jobs.commandline.verbs.channels import Channel
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Channel()
