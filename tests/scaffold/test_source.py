"""The schedule.py that is written: it declares what was found, and keeps what wasn't as comments."""

from jobs.scaffold.crontabs.reader import read
from jobs.scaffold.source import source_of

CRONTAB = """\
MAILTO=ops@example.com
0 3 * * * cd /srv && ./manage.py clearsessions >> /var/log/cron.log 2>&1
*/5 * * * * flock -n /tmp/mail.lock timeout -k 5 600 ./manage.py send_mail --limit 50
*/7 * * * * ./manage.py send_mail --limit=9
0 4 1 * mon ./manage.py close --period "last month" && ./manage.py report
0 1 * * * PGPASSWORD=hunter2 pg_dump shop
"""
WRITTEN = '''\
"""The project's scheduled jobs: `manage.py jobs` lists them."""

from datetime import timedelta

from jobs import declare

# Where a line says nothing of it, a run is stopped after an hour (timeout=), and an occurrence is skipped while
# the one before is still running (overlap=). Most schedulers do neither.
# line 1: MAILTO=ops@example.com. Output is kept with each run, and not mailed.

# line 2: 0 3 * * * cd /srv && ./manage.py clearsessions >> /var/log/cron.log 2>&1
# >> /var/log/cron.log is left out: a run's output is kept.
declare("clearsessions", schedule="0 0 3 * * *")

# line 3: */5 * * * * flock -n /tmp/mail.lock timeout -k 5 600 ./manage.py send_mail --limit 50
declare(
    "send_mail",
    "--limit",
    "50",
    schedule="0 */5 * * * *",
    overlap="skip",
    timeout=timedelta(minutes=10),
    grace=timedelta(seconds=5),
)

# line 4: */7 * * * * ./manage.py send_mail --limit=9
declare("send_mail_9", "--limit=9", command="send_mail", schedule="0 */7 * * * *")

# line 5: 0 4 1 * mon ./manage.py close --period "last month" && ./manage.py report
# 0 4 1 * mon is two schedules here: NCRONTAB asks for both days.
declare("close", "--period", "last month", schedule="0 0 4 1 * *")

# line 5: 0 4 1 * mon ./manage.py close --period "last month" && ./manage.py report
# 0 4 1 * mon is two schedules here: NCRONTAB asks for both days.
declare("report", after="close")

# line 5: 0 4 1 * mon ./manage.py close --period "last month" && ./manage.py report
# 0 4 1 * mon is two schedules here: NCRONTAB asks for both days.
declare(
    "close_period_last_month",
    "--period",
    "last month",
    command="close",
    schedule="0 0 4 2-31 * mon",
)

# line 5: 0 4 1 * mon ./manage.py close --period "last month" && ./manage.py report
# 0 4 1 * mon is two schedules here: NCRONTAB asks for both days.
declare("report_2", command="report", after="close_period_last_month")

# Not declared:
# line 6: 0 1 * * * PGPASSWORD=… pg_dump shop
#     It sets PGPASSWORD for this command alone. Make it an option, or an app setting.
'''


def test_the_file_is_what_a_person_would_write():
    assert source_of(read(CRONTAB)) == WRITTEN


def test_python_reads_it_and_each_job_is_declared():
    declared = []
    source = source_of(read(CRONTAB), taken=["Clearsessions"]).replace("from jobs import declare\n", "")
    exec(source, {"declare": lambda name, *words, **rules: declared.append(name)})
    assert declared == [
        *("clearsessions_2", "send_mail", "send_mail_9", "close", "report", "close_period_last_month", "report_2")
    ]


def test_a_crontab_without_jobs_leaves_its_reasons():
    assert source_of(read("@reboot ./start.sh\n")).endswith(
        "# Not declared:\n"
        "# line 1: @reboot ./start.sh\n"
        "#     There is no boot here. Run the command when a release is deployed, or by hand.\n"
    )
