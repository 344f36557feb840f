"""What our migrations have in common: they keep to the schema that JOBS_SCHEMA names."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import CommandError
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

from jobs.conf import conf
from jobs.ledger import sql
from jobs.ledger.schema import misplaced


class Migration(migrations.Migration):
    """A migration of ours: it creates, changes and drops tables in the schema that JOBS_SCHEMA names.

    Raises CommandError where the tables are in another one.
    """

    def apply(self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False) -> ProjectState:
        with _in_front(schema_editor):
            return super().apply(project_state, schema_editor, collect_sql)

    def unapply(self, project_state: ProjectState, schema_editor: Any, collect_sql: bool = False) -> ProjectState:
        with _in_front(schema_editor):
            state = super().unapply(project_state, schema_editor, collect_sql)
        if self.initial and conf.JOBS_SCHEMA:
            schema_editor.execute(
                f'DO $$ BEGIN DROP SCHEMA IF EXISTS "{conf.JOBS_SCHEMA}"; '
                # It holds other things too, or somebody else made it: then it stays.
                "EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL; END $$",
                None,
            )
        return state


@contextmanager
def _in_front(schema_editor: BaseDatabaseSchemaEditor) -> Iterator[None]:
    schema = conf.JOBS_SCHEMA
    if not schema:
        yield
        return
    is_there = False
    if not schema_editor.collect_sql:
        if why := misplaced():
            raise CommandError(why)
        is_there = sql.value("SELECT to_regnamespace(%s) IS NOT NULL", [schema])
    # Whoever may not create schemas may not say IF NOT EXISTS either.
    if not is_there:
        schema_editor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"', None)
    front = f"{schema}, "
    schema_editor.execute(f"SELECT set_config('search_path', '{front}' || current_setting('search_path'), false)", None)
    # A transaction that fails takes this back by itself.
    yield
    schema_editor.execute(
        f"SELECT set_config('search_path', substr(current_setting('search_path'), {len(front) + 1}), false)", None
    )
