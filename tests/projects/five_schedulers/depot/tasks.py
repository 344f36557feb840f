from celery import shared_task
from django.core.management import call_command


@shared_task(time_limit=600)
def stock():
    """Count what is there."""
    call_command("stock", "--shelf", "7", verbosity=0)


@shared_task(bind=True, name="sessions")
def clear_sessions(self):
    from django.core.management import call_command

    return call_command("clearsessions")


@shared_task(autoretry_for=(OSError,), max_retries=5)
def retried():
    call_command("stock")


@shared_task
def mail(to):
    print("mail to", to)
