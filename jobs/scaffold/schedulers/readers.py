"""The packages whose schedules can be read: each by the name that `nightshift init --from` takes."""

from collections.abc import Callable, Mapping

from jobs.scaffold.found import Reading
from jobs.scaffold.schedulers import celery_beat, celery_rows, django_cron, django_crontab, django_q

READERS: Mapping[str, Callable[[], Reading]] = {
    "celery": celery_beat.read,
    "django-celery-beat": celery_rows.read,
    "django-cron": django_cron.read,
    "django-crontab": django_crontab.read,
    "django-q": django_q.read,
}
