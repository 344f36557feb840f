"""Lines of crontabs as people write them: what is declared for each, and why others are not."""

from datetime import timedelta

import pytest

from jobs.scaffold.crontabs.reader import read

MINUTE = timedelta(minutes=1)


def found(line, **options):
    return [
        (job.command, list(job.arguments), dict(job.options))
        for job in read(f"0 3 * * * {line}", settings="shop.settings", **options).found
    ]


@pytest.mark.parametrize(
    ("line", "command", "arguments"),
    [
        ("/srv/venv/bin/python /srv/app/manage.py clearsessions", "clearsessions", []),
        ("cd /srv/app && ./manage.py clearsessions >/dev/null 2>&1", "clearsessions", []),
        ("cd /srv/app; python3.13 -u -W ignore manage.py clearsessions", "clearsessions", []),
        (". /srv/venv/bin/activate && python manage.py clearsessions", "clearsessions", []),
        ("source ~/venv/bin/activate && cd $HOME/app && python manage.py clearsessions", "clearsessions", []),
        ("bash -lc 'cd /srv/app && python manage.py import_rates --days 3'", "import_rates", ["--days", "3"]),
        ("su - www-data -c '/srv/app/manage.py clearsessions'", "clearsessions", []),
        ("sudo -u www-data -H /srv/app/manage.py clearsessions", "clearsessions", []),
        ("cd /srv/app && uv run python manage.py clearsessions", "clearsessions", []),
        ("cd /srv/app && poetry run ./manage.py clearsessions", "clearsessions", []),
        ("docker exec shop_web_1 python manage.py clearsessions", "clearsessions", []),
        ("docker compose -f /srv/c.yml run --rm web ./manage.py clearsessions -v 0", "clearsessions", ["-v", "0"]),
        ("django-admin clearsessions --settings=shop.settings", "clearsessions", []),
        ("python -m django clearsessions --settings shop.settings", "clearsessions", []),
        ("DJANGO_SETTINGS_MODULE=shop.settings python manage.py clearsessions", "clearsessions", []),
        ("env PYTHONUNBUFFERED=1 python manage.py clearsessions", "clearsessions", []),
        ("nice -n 19 ionice -c2 -n7 python manage.py clearsessions", "clearsessions", []),
        ("chronic python manage.py clearsessions", "clearsessions", []),
        (
            'python manage.py mail --to \'a b\' --subject "It\'s \\"so\\""',
            "mail",
            ["--to", "a b", "--subject", 'It\'s "so"'],
        ),
        (r"python manage.py stats --format \%Y-\%m", "stats", ["--format", "%Y-%m"]),
        ("python manage.py clearsessions # nightly", "clearsessions", []),
        ("python manage.py clearsessions < /dev/null", "clearsessions", []),
    ],
)
def test_the_management_command_is_found_behind_what_surrounds_it(line, command, arguments):
    assert found(line) == [(command, arguments, {})]


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("flock -n /tmp/x.lock python manage.py x", {"overlap": "skip"}),
        ("flock --nonblock -E 0 /tmp/x.lock -c 'python manage.py x'", {"overlap": "skip"}),
        ("flock /tmp/x.lock python manage.py x", {"overlap": "queue"}),
        ("timeout 600 python manage.py x", {"timeout": 10 * MINUTE}),
        ("timeout -k 5 -s TERM 1.5h python manage.py x", {"timeout": 90 * MINUTE, "grace": timedelta(seconds=5)}),
        ("timeout --signal=KILL 10m python manage.py x", {"timeout": 10 * MINUTE, "grace": timedelta(0)}),
        ("nice flock -n /x timeout 60 nice python manage.py x", {"overlap": "skip", "timeout": MINUTE}),
    ],
)
def test_a_lock_is_an_overlap_rule_and_a_time_limit_a_timeout(line, options):
    assert found(line) == [("x", [], options)]


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("python manage.py x >> /var/log/x.log 2>&1", ">> /var/log/x.log is left out: a run's output is kept."),
        ("python manage.py x | logger -t x", "| logger is left out: a run's output is kept."),
        (
            "python manage.py x || mail -s x a@b",
            "|| mail -s x a@b is left out: a run that fails is recorded as failed.",
        ),
        ("python manage.py x && curl -fsS https://ping", "curl is left out: how a run ended is recorded."),
        ("timeout -s INT 9 python manage.py x", "timeout sent INT; here a run gets SIGTERM."),
        ("timeout 0 python manage.py x", "timeout 0 sets no limit; here a run has one of an hour."),
        ("sudo python manage.py x", "sudo is left out: a run has the worker's user."),
        (
            "flock -w 9 /x python manage.py x",
            "flock waited for so long only; here the run waits for the one before, however long.",
        ),
    ],
)
def test_what_is_left_out_is_said(line, note):
    [job] = read(f"0 3 * * * {line}").found
    assert note in job.notes


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "/usr/local/bin/backup.sh",
            "'/usr/local/bin/backup.sh' is no management command. Make it one, and declare that.",
        ),
        (
            "python scripts/report.py",
            "'python scripts/report.py' is no management command. Make it one, and declare that.",
        ),
        ("python -c 'import x'", "It runs Python code. Make it a management command."),
        ("bash /srv/nightly.sh", "It runs a shell script. Make it a management command."),
        (
            "python manage.py x --day $(date +\\%F)",
            "The shell computes one of its arguments. Compute it in the command.",
        ),
        ("python manage.py x --day `date -I`", "The shell computes one of its arguments. Compute it in the command."),
        ("python manage.py x /srv/in/*.csv", "The shell computes one of its arguments. Compute it in the command."),
        (
            "python manage.py dumpdata > /backup/x.json",
            "What it writes becomes the file /backup/x.json. Write the file in the command.",
        ),
        ("python manage.py shell < /srv/x.py", "It reads /srv/x.py. Open the file in the command."),
        ("cat x | python manage.py load", "'cat x' is no management command. Make it one, and declare that."),
        (
            "python manage.py a; python manage.py b",
            "It runs one command after another whatever becomes of the first. Write two lines.",
        ),
        (
            "python manage.py a & python manage.py b",
            "It starts a command in the background. Give each command a line of its own.",
        ),
        (
            "(cd /srv && ./manage.py a)",
            "It is grouped by parentheses. Make it a management command that calls the others.",
        ),
        ("TENANT=1 python manage.py a", "It sets TENANT for this command alone. Make it an option, or an app setting."),
        (
            "python manage.py a --settings=shop.batch",
            "--settings names other settings than this project's. A run has its worker's. Make what differs an option.",
        ),
        ("mail -s x a@b%Hello", "cron gives what stands behind the % to the command's stdin. Make it an argument."),
        ("[ -f /x ] && python manage.py a", "'[ -f /x ]' is no management command. Make it one, and declare that."),
        (
            "cd /srv && git pull && python manage.py a",
            "'git pull' is no management command. Make it one, and declare that.",
        ),
        ("python manage.py a 'b", "A quotation mark isn't closed. Close it."),
        ("python manage.py a \\", "It ends with a backslash, and cron joins no lines. Write it in one line."),
        ("python manage.py", "manage.py gets no command here. Correct the line."),
        ("cd /srv", "It runs no management command. Make it one, and declare that."),
        (
            "flock -s /x python manage.py a",
            "flock takes a shared lock here, or unlocks. Say what it is for by overlap= or a group.",
        ),
    ],
)
def test_what_a_run_would_do_otherwise_is_refused_with_the_reason(line, reason):
    reading = read(f"0 3 * * * {line}", settings="shop.settings")
    assert not reading.found
    [refused] = reading.refused
    assert (refused.place, refused.text, refused.reason) == ("line 1", f"0 3 * * * {line}", reason)


def test_a_command_after_another_is_its_step():
    jobs = read("0 3 * * * cd /srv && ./manage.py import_rates && ./manage.py rates_report").found
    assert [(job.command, job.expression, job.follows) for job in jobs] == [
        ("import_rates", "0 0 3 * * *", False),
        ("rates_report", None, True),
    ]


def test_a_line_whose_days_are_two_schedules_is_two_pipelines():
    jobs = read("0 3 1 * mon ./manage.py a && ./manage.py b").found
    assert [(job.command, job.expression) for job in jobs] == [
        ("a", "0 0 3 1 * *"),
        ("b", None),
        ("a", "0 0 3 2-31 * mon"),
        ("b", None),
    ]


def test_jobs_that_lock_one_file_are_a_group():
    first, second, third = read(
        "0 3 * * * flock -n /tmp/db.lock ./manage.py a\n"
        "5 3 * * * flock /tmp/db.lock ./manage.py b\n"
        "9 3 * * * flock /tmp/own.lock ./manage.py c\n"
    ).found
    assert first.options == {"overlap": "skip", "concurrency_group": "db"}
    assert second.options == {"overlap": "queue", "concurrency_group": "db"}
    assert third.options == {"overlap": "queue"}


def test_variables_hold_for_the_lines_below():
    reading = read(
        "MAILTO=ops@example.com\nPATH=/bin\nTENANT = 'acme'\n"
        "@daily ./manage.py a\nCRON_TZ=Europe/Berlin\n@daily ./manage.py b && ./manage.py c\n"
        "CRON_TZ=Nowhere\nCRON_TZ=America\nCRON_TZ=localtime\n"
    )
    assert [dict(job.options) for job in reading.found] == [{}, {"time_zone": "Europe/Berlin"}, {}]
    assert reading.notes == [
        "line 1: MAILTO=ops@example.com. Output is kept with each run, and not mailed.",
        "line 3: TENANT is set for the commands below. Make it an app setting.",
    ]
    nowhere, folder, machines_own = [refused.reason for refused in reading.refused]
    assert nowhere == "There is no time zone 'Nowhere'. Write an IANA name like 'Europe/Berlin'."
    assert folder.startswith("There is no time zone 'America'. ")
    assert machines_own.startswith("'localtime' means something else on another machine. Write the zone's own name")


def test_what_a_time_zone_that_cant_be_read_holds_for_is_refused_and_not_declared_in_another_zone():
    reading = read(
        "CRON_TZ=Europe/Berlin\n@daily ./manage.py a\nCRON_TZ=Nowhere\n@daily ./manage.py b\n@daily ./backup.sh\n"
        "CRON_TZ=Asia/Tokyo\n@daily ./manage.py c\n"
    )
    assert [(job.command, job.options["time_zone"]) for job in reading.found] == [
        ("a", "Europe/Berlin"),
        ("c", "Asia/Tokyo"),
    ]
    assert [(refused.place, refused.reason) for refused in reading.refused[1:]] == [
        ("line 4", "Its time zone is that of line 3, which can't be read. Correct line 3."),
        ("line 5", "'./backup.sh' is no management command. Make it one, and declare that."),
    ]


def test_a_crontab_of_the_system_names_a_user():
    text = "17 * * * * www-data cd /srv && python manage.py a\n0 3 * * * root /srv/manage.py b\n"
    assert [job.command for job in read(text).found] == ["a", "b"]
    assert read(text, with_user=False).found == []
    assert read(text).notes == ["Read as a crontab of the system, whose lines name a user: a run has the worker's."]


def test_comments_and_empty_lines_are_no_entries():
    reading = read("# m h dom mon dow command\n\n   \n#0 3 * * * ./manage.py a\n")
    assert not reading.found
    assert not reading.refused
