"""`manage.py note RUN|JOB|DAY TEXT`: write down what others should know, or read it."""

from jobs.commandline.verbs.note import Note
from jobs.management.verb_command import VerbCommand


class Command(VerbCommand):
    verb = Note()
