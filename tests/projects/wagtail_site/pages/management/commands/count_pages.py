from django.core.management.base import BaseCommand
from wagtail.models import Page


class Command(BaseCommand):
    def handle(self, **options):
        self.stdout.write(f"{Page.objects.count()} pages")
