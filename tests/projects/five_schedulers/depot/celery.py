import os

from celery import Celery
from celery.schedules import crontab, solar

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "depot.settings")
app = Celery("depot")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "stock": {"task": "depot.tasks.stock", "schedule": crontab(minute=30, hour="6-18/3", day_of_week="mon-fri")},
    "sessions": {"task": "sessions", "schedule": 300.0, "options": {"expires": 60}},
    "seven": {"task": "sessions", "schedule": 7 * 60.0},
    "sunset": {"task": "sessions", "schedule": solar("sunset", 52.5, 13.4)},
    "mail": {"task": "depot.tasks.mail", "schedule": crontab(minute=0, hour=8), "args": ("ops",)},
    "reported": {"task": "depot.tasks.reported", "schedule": 60.0},
    "locked": {"task": "depot.tasks.locked", "schedule": 60.0},
    "gone": {"task": "depot.tasks.gone", "schedule": 60.0},
}


@app.on_after_finalize.connect
def more(sender, **kwargs):
    sender.add_periodic_task(3600.0, sender.signature("depot.tasks.retried"), name="hourly")
