"""The project's function app with a faster tick."""

from datetime import timedelta

import django

django.setup()

from jobs.azure import functions  # noqa: E402
from jobs.execution import tick  # noqa: E402 — Django first
from tests.chaos import SCALE, TICK  # noqa: E402

functions.TICK = f"*/{TICK:.0f} * * * * *"
for name, value in vars(tick).copy().items():
    if isinstance(value, timedelta):
        setattr(tick, name, value / SCALE)

app = functions.build()
