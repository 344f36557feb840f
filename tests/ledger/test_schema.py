"""Nightshift's tables in a schema of their own, in a database that has a project's tables already."""

import importlib
import pkgutil
import re

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from jobs import migrations
from jobs.ledger.migration import Migration
from tests.helpers.beside import Project, empty_database

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
SETTINGS = """
    import os
    INSTALLED_APPS = [*INSTALLED_APPS, "shop"]
    JOBS_SCHEMA = os.environ.get("SCHEMA", "jobs_ledger")
    SILENCED_SYSTEM_CHECKS = ["jobs.W005"]  # more than once a minute: the test need not wait for one
"""
FILES = {
    "shop/models.py": """
        from django.db import models

        class Order(models.Model):
            pass
    """,
    "shop/migrations/0001_initial.py": """
        from django.db import migrations, models

        class Migration(migrations.Migration):
            # Between those of ours, so that what one leaves behind would show.
            dependencies = [("nightshift", "0001_ledger")]
            run_before = [("nightshift", "0002_foreign_keys")]
            operations = [migrations.CreateModel("Order", [("id", models.BigAutoField(primary_key=True))])]
    """,
    "shop/management/commands/order.py": """
        from django.core.management.base import BaseCommand
        from django.db import connection
        from shop.models import Order

        class Command(BaseCommand):
            def handle(self, **options):
                Order.objects.create()
                with connection.cursor() as cursor:
                    cursor.execute("CREATE TABLE made_by_a_run AS SELECT * FROM shop_order")
                self.stdout.write(f"{Order.objects.count()} order")
    """,
    "shop/schedule.py": """
        from jobs import declare

        declare("order", schedule="* * * * * *", timer=False)
    """,
}
# A scheduled run, by the worker and its fork server: each of their sessions must find the tables.
TICK = """
    import time
    from datetime import timedelta
    from jobs.execution.tick import tick
    from jobs.execution.worker import this_worker
    from jobs.models import Run

    while not Run.objects.exists():
        tick()
        time.sleep(0.5)
    this_worker.execute(Run.objects.order_by("pk").first().pk)
    run = Run.objects.order_by("pk").first()
    print(run.trigger, run.status, run.attempts.get().exit_code)
    this_worker.shut_down(timedelta(0), timedelta(0))
"""
# What `check` and `migrate` say where JOBS_SCHEMA is this.
ASK = """
    import io
    from django.core.management import call_command
    from django.db import connection
    from django.test import override_settings

    def ask(schema, *words, **options):
        connection.close()
        with override_settings(JOBS_SCHEMA=schema):
            try:
                call_command(*words, verbosity=0, stdout=io.StringIO(), **options)
            except Exception as error:
                print(" ".join(str(error).split()))
            else:
                print("done")
"""


@pytest.fixture
def shop(tmp_path, database_url):
    with empty_database(database_url, "schema_of_its_own") as url:
        yield Project(tmp_path, url, SETTINGS, FILES)


@pytest.fixture
def tables(shop):
    """The tables of each schema of the project's database."""

    def by_schema():
        with psycopg.connect(make_conninfo(shop.database_url)) as asked:
            found = asked.execute(
                "SELECT schemaname, array_agg(tablename::text) FROM pg_tables "
                "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') GROUP BY 1"
            )
            return {name: set(tables) for name, tables in found}

    return by_schema


def test_migrations_and_runs_keep_to_it_and_the_projects_tables_stay_out(shop, tables):
    migrated = shop.manage("migrate", "--verbosity", "0")
    assert (migrated.returncode, migrated.stderr) == (0, "")
    ran = shop.script(TICK)
    assert ran.stdout == "schedule succeeded 0\n", ran.stderr
    found = tables()
    assert found.keys() == {"public", "jobs_ledger"}
    assert all(name.startswith("nightshift_") for name in found["jobs_ledger"])
    assert not any(name.startswith("nightshift_") for name in found["public"])
    assert {"shop_order", "made_by_a_run", "auth_user", "django_migrations"} <= found["public"]

    said = shop.script(f"""{ASK}
    ask("jobs_ledger", "check", databases=["default"])
    ask("", "check", databases=["default"])
    ask("", "runs")
    ask("jobs_ledger", "migrate", "nightshift", "zero")
    """).stdout.splitlines()
    assert (said[0], said[3]) == ("done", "done")
    assert "(jobs.E025) Nightshift's tables are in the schema jobs_ledger. HINT: Set JOBS_SCHEMA = 'jobs_" in said[1]
    assert said[2] == "Nightshift's tables are in the schema jobs_ledger. Set JOBS_SCHEMA = 'jobs_ledger'."
    assert tables() == {"public": found["public"] - {"shop_order"}}, "what depends on ours goes with them"
    with psycopg.connect(make_conninfo(shop.database_url)) as asked:
        assert asked.execute("SELECT to_regnamespace('jobs_ledger')").fetchone() == (None,)


def test_where_it_is_set_later_migrate_refuses_and_its_statements_move_the_tables(shop, tables):
    said = shop.script(f"""{ASK}
    ask("", "migrate")
    ask("jobs_ledger", "migrate", skip_checks=True)
    ask("jobs_ledger", "migrate", "nightshift", "zero", skip_checks=True)
    ask("jobs_ledger", "migrate", skip_checks=False)
    """).stdout.splitlines()
    assert said[:2] == ["done", "done"], "nothing is left to do"
    for refused in said[2:]:
        assert "JOBS_SCHEMA is 'jobs_ledger', and Nightshift's tables are in the schema public." in refused
    before = tables()["public"]
    with psycopg.connect(make_conninfo(shop.database_url)) as owner:
        owner.execute(re.search(r"CREATE SCHEMA .*;", said[2])[0])
    found = tables()
    assert found["jobs_ledger"] == {name for name in before if name.startswith("nightshift_")}
    assert found["public"] == before - found["jobs_ledger"]
    ran = shop.script(TICK)
    assert ran.stdout == "schedule succeeded 0\n", f"the functions have moved with the tables: {ran.stderr}"
    moved = shop.manage("migrate", "--verbosity", "0")
    assert (moved.returncode, moved.stderr) == (0, "")


def test_the_search_path_that_was_chosen_stays_in_front(shop):
    with psycopg.connect(make_conninfo(shop.database_url), autocommit=True) as owner:
        owner.execute("ALTER DATABASE schema_of_its_own SET search_path = shop, public")
    path = shop.script("""
        from django.db import connection
        from jobs.ledger import schema
        schema.find_tables(None, connection)  # as a pool does that gives a session again
        print(*schema.sql.row("SHOW search_path"))
    """)
    assert path.stdout == "shop, public, jobs_ledger\n", path.stderr


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(migrations.__path__)])
def test_every_migration_of_ours_keeps_to_it(name):
    assert issubclass(importlib.import_module(f"jobs.migrations.{name}").Migration, Migration)
