from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Count what is on a shelf."

    def add_arguments(self, parser):
        parser.add_argument("--shelf", type=int)

    def handle(self, *, shelf, **options):
        print("shelf", shelf)
