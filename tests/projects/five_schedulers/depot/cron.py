from django.core.management import call_command
from django_cron import CronJobBase, Schedule


def clean():
    call_command("clearsessions")


class CountStock(CronJobBase):
    schedule = Schedule(run_at_times=["11:30", "14:30"], run_on_days=[0, 4])
    code = "depot.count_stock"

    def do(self):
        call_command("stock")


class Poll(CronJobBase):
    schedule = Schedule(run_every_mins=10, retry_after_failure_mins=1)
    code = "depot.poll"

    def do(self):
        print("poll")
