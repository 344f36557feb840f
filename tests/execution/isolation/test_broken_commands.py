"""One declared command that can't be loaded, in a project beside ours: a numbered error, and nothing else stops."""

import pytest

from tests.helpers.beside import Project, empty_database

pytestmark = pytest.mark.django_db(transaction=True)
COMMAND = """
    from django.core.management.base import BaseCommand


    class Command(BaseCommand):
        def add_arguments(self, parser):
            {arguments}

        def handle(self, **options):
            self.stdout.write("done")
"""
BROKEN = {
    "lacks_a_package": "import a_package_that_is_optional\n",
    "is_misspelled": "def handle(:\n",
    "leaves": "import sys\nsys.exit(0)\n",
    "raises": COMMAND.format(arguments='raise ValueError("no such choice")'),
    "reads_groups": COMMAND.format(
        arguments="from django.contrib.auth.models import Group; parser.add_argument('--group', choices=[*Group.objects"
        ".values_list('name', flat=True)])"
    ),
}
WORKS = COMMAND.format(arguments="pass")


@pytest.fixture(scope="module")
def project(tmp_path_factory, database_url, django_db_blocker):
    with empty_database(database_url, "broken_commands") as url:
        files = {f"shop/management/commands/{name}.py": text for name, text in BROKEN.items()}
        files["shop/management/commands/works.py"] = WORKS
        files["shop/schedule.py"] = "from jobs import declare\n" + "".join(
            f"declare({name!r}, schedule='0 0 3 * * *')\n" for name in [*BROKEN, "works"]
        )
        yield Project(tmp_path_factory.mktemp("shop"), url, "INSTALLED_APPS = [*INSTALLED_APPS, 'shop']", files)


def told(checked, name):
    """What `manage.py check` says of one command's job, without the words around it."""
    return checked.stderr.partition(f"The command {name!r} of job {name!r} can't be loaded: ")[2].partition(" Import")[
        0
    ]


def test_the_check_names_job_file_and_line_of_each_and_no_other_command_stops(project):
    checked = project.manage("check")
    assert checked.returncode == 1
    assert checked.stderr.count("jobs.E022") == len(BROKEN), checked.stderr
    folder = "shop/management/commands"
    assert told(checked, "lacks_a_package") == (
        "ModuleNotFoundError: No module named 'a_package_that_is_optional'\n"
        f"\tHINT: It failed in {folder}/lacks_a_package.py, line 1."
    )
    assert told(checked, "is_misspelled").startswith("SyntaxError: ")
    assert told(checked, "is_misspelled").endswith(f"{folder}/is_misspelled.py, line 1.")
    assert told(checked, "leaves") == f"SystemExit: 0\n\tHINT: It failed in {folder}/leaves.py, line 2."
    assert told(checked, "raises") == f"ValueError: no such choice\n\tHINT: It failed in {folder}/raises.py, line 7."
    assert told(checked, "reads_groups").startswith('ProgrammingError: relation "auth_group" does not exist')
    assert f"{folder}/reads_groups.py, line 7." in told(checked, "reads_groups")
    assert "shop.schedule, line 2" in checked.stderr

    for words in (["migrate", "--verbosity", "0"], ["jobs"], ["works"]):
        done = project.manage(*words)
        assert done.returncode == 0, done.stderr
    # The tables are there now: this one asked for nothing but them.
    assert "'reads_groups'" not in project.manage("check").stderr
    done = project.manage("run", "raises", "--fast")
    assert (done.returncode, done.stderr) == (
        1,
        f"CommandError: The command raises can't be loaded: ValueError: no such choice ({folder}/raises.py, line 7)\n",
    )
