from django.core.management.base import BaseCommand
from django.urls import reverse

from accounts.models import Reminder


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--to", required=True)

    def handle(self, *, to, **options):
        Reminder.objects.create(to=to)
        self.stdout.write(f"Reminded {to}: https://shop.example.com{reverse('home')}")
