from celery import Task, shared_task
from django.core.management import call_command


@shared_task(time_limit=600)
def stock():
    """Count what is there."""
    call_command("stock", "--shelf", "7", verbosity=0)


@shared_task(bind=True, name="sessions")
def clear_sessions(self):
    from django.core.management import call_command

    return call_command("clearsessions")


class Reported(Task):
    def on_failure(self, exc, task_id, args, kwargs, einfo):
        print("report", exc)


class Locked(Task):
    def __call__(self, *args, **kwargs):
        return super().__call__(*args, **kwargs)


@shared_task(base=Reported)
def reported():
    call_command("stock")


@shared_task(base=Locked)
def locked():
    call_command("stock")


@shared_task(autoretry_for=(OSError,), max_retries=5)
def retried():
    call_command("stock")


@shared_task
def mail(to):
    print("mail to", to)
