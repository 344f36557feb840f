"""When the rates come in."""

from datetime import timedelta

from django.conf import settings

from jobs import declare

declare(
    "import_rates",
    # The bank publishes around 16:00 its time. Each minute is for the laptop only, where the file is local: a newcomer
    # sees a run within a minute.
    schedule="0 * * * * *" if settings.LOCAL else "0 15 16 * * MON-FRI",
    time_zone="Europe/Berlin",
    timeout=timedelta(minutes=20),
    retries=3,
)
declare("rates_report", after="import_rates")
