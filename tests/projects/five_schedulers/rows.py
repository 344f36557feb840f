"""Rows as an administrator of the project would have made them."""

import os
from datetime import datetime, timezone

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")
django.setup()

from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask
from django_q.models import Schedule

night = CrontabSchedule.objects.create(minute="15", hour="2", day_of_week="1,3", timezone="Asia/Tokyo")
often = IntervalSchedule.objects.create(every=10, period="minutes")
once = ClockedSchedule.objects.create(clocked_time=datetime(2030, 1, 1, tzinfo=timezone.utc))
PeriodicTask.objects.create(name="night", crontab=night, task="depot.tasks.stock")
PeriodicTask.objects.create(name="often", interval=often, task="sessions", queue="slow")
PeriodicTask.objects.create(name="once", clocked=once, one_off=True, task="sessions")
PeriodicTask.objects.create(name="off", interval=often, task="sessions", enabled=False)
# No form accepts this one; an import or a program may have written it.
broken = CrontabSchedule.objects.create(minute="-5", hour="2")
PeriodicTask.objects.create(name="broken", crontab=broken, task="sessions")
PeriodicTask.objects.create(name="mail", interval=often, task="depot.tasks.mail", args='["ops"]')

due = datetime(2027, 2, 1, 2, 30, tzinfo=timezone.utc)
Schedule.objects.create(name="clean", func="depot.cron.clean", schedule_type="D", next_run=due)
call = "django.core.management.call_command"
Schedule.objects.create(name="stock", func=call, args="'stock', '--shelf', 3", schedule_type="C", cron="0 22 * * 1-5")
Schedule.objects.create(name="once", func="depot.cron.clean", schedule_type="O", next_run=due)
Schedule.objects.create(name="mail", func="depot.tasks.mail", args="'ops'", schedule_type="H", next_run=due)
