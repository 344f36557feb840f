"""manage.py rates_report: the latest rates beside those of a week before."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from examples.rates.models import A_WEEK, Rate


class Command(BaseCommand):
    help = "Prints the latest rates, and how each has moved within a week."

    def handle(self, **options: Any) -> None:
        """A line for each currency that has a rate on the latest day. Raises CommandError where there is none."""
        rates = (
            Rate.objects.on_the_latest_day().with_change(over=A_WEEK).select_related("currency").order_by("currency")
        )
        if not rates:
            raise CommandError("There are no rates yet. Import them first: manage.py import_rates")
        self.stdout.write(f"One euro on {rates[0].date}, and the change within a week:")
        for rate in rates:
            change = "–" if rate.change is None else f"{rate.change:+.2f} %"
            self.stdout.write(
                f"{rate.rate.normalize():>14f} {rate.currency.code}  {change:>9}  {rate.currency.name}".rstrip()
            )
