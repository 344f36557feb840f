"""`manage.py grant_identity NAME`: the database role of an Entra identity, with no more rights than the app needs."""

from typing import Any, LiteralString

import psycopg
from django.core.management.base import CommandError, CommandParser
from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql
from psycopg.sql import SQL, Composed, Identifier, Literal

from jobs.conf import conf
from jobs.management.colours import HeedsNoColor
from jobs.management.commands.migrate import alone

# Where Azure's functions for Entra roles are, whatever database the app uses.
ADMIN_DATABASE = "postgres"
CONNECT: LiteralString = "GRANT CONNECT ON DATABASE {database} TO {role}"
RIGHTS: list[LiteralString] = [
    "GRANT USAGE ON SCHEMA {schema} TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
    # What later migrations make. It holds for what this user makes: whoever migrates must run this command.
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}",
    "ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES TO {role}",
]
TO_MIGRATE: LiteralString = "GRANT CREATE ON SCHEMA {schema} TO {role}"
# The first migration creates the schema, and so owns it.
TO_MAKE_THE_SCHEMA: LiteralString = "GRANT CREATE ON DATABASE {database} TO {role}"


class Command(HeedsNoColor):
    help = (
        "Create the database role of an Entra identity, and grant it the rights that the app needs. "
        "Run it as the server's Entra administrator who also migrates. You can run it again."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The identity's name: the function app's, or a user-assigned identity's.")
        parser.add_argument("--object-id", help="The identity's object (principal) id, if its name isn't unique.")
        parser.add_argument("--may-migrate", action="store_true", help="Also let it create tables, to run `migrate`.")
        parser.add_argument("--dry-run", action="store_true", help="Print the SQL and change nothing.")

    def handle(self, *, name: str, object_id: str | None, may_migrate: bool, dry_run: bool, **options: Any) -> None:
        principal = _principal(name, object_id)
        rights = _rights(name, may_migrate)
        if dry_run:
            self.stdout.write(f"-- in the database {ADMIN_DATABASE}\n{principal.as_string()};")
            self.stdout.write(f"-- in the database {connection.settings_dict['NAME']}")
            self._print(rights)
            if conf.JOBS_SCHEMA:
                self.stdout.write(f"-- once `migrate` has created the schema {conf.JOBS_SCHEMA}")
                self._print(_rights_in(conf.JOBS_SCHEMA, name, may_migrate))
            return
        # Two instances that grant at once would conflict in the server's catalogue.
        with alone():
            with connection.cursor() as cursor:
                cursor.execute("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [name])
                exists = cursor.fetchone()[0]
            if not exists:
                _make_role(principal)
            with connection.cursor() as cursor:
                is_created = _has_schema(cursor)
                for statement in [*rights, *(_rights_in(conf.JOBS_SCHEMA, name, may_migrate) if is_created else [])]:
                    cursor.execute(statement)
        self.stdout.write(
            f"{name} {'already had its role' if exists else 'now has its role'}, and can read and write the tables of "
            f"{connection.settings_dict['NAME']}{', and migrate them' if may_migrate else ''}."
        )
        if conf.JOBS_SCHEMA and not is_created and not may_migrate:
            self.stdout.write(
                f"The schema {conf.JOBS_SCHEMA} isn't there yet. Run this again after `manage.py migrate`, as the role "
                "that migrated. A container that migrates at its start does both."
            )

    def _print(self, statements: list[Composed]) -> None:
        self.stdout.write("\n".join(f"{statement.as_string()};" for statement in statements))


def _principal(name: str, object_id: str | None) -> Composed:
    """Not an administrator, and without multi-factor authentication, which an identity can't do."""
    if object_id:
        return SQL("SELECT pgaadauth_create_principal_with_oid({}, {}, 'service', false, false)").format(
            Literal(name), Literal(object_id)
        )
    return SQL("SELECT pgaadauth_create_principal({}, false, false)").format(Literal(name))


def _rights(name: str, may_migrate: bool) -> list[Composed]:
    """In the database, and on the project's tables."""
    statements = [CONNECT, TO_MAKE_THE_SCHEMA] if conf.JOBS_SCHEMA and may_migrate else [CONNECT]
    values = {"role": Identifier(name), "database": Identifier(str(connection.settings_dict["NAME"]))}
    return [*(SQL(text).format(**values) for text in statements), *_rights_in("public", name, may_migrate)]


def _rights_in(schema: str, name: str, may_migrate: bool) -> list[Composed]:
    statements = [*RIGHTS, TO_MIGRATE] if may_migrate else RIGHTS
    return [SQL(text).format(role=Identifier(name), schema=Identifier(schema)) for text in statements]


def _has_schema(cursor: CursorWrapper) -> bool:
    """Whether JOBS_SCHEMA names one that is there."""
    cursor.execute("SELECT to_regnamespace(nullif(%s, '')) IS NOT NULL", [conf.JOBS_SCHEMA])
    return bool(cursor.fetchone()[0])


def _make_role(principal: sql.Composed) -> None:
    """Raises CommandError if the server isn't in Azure, or we aren't its administrator."""
    parameters = connection.get_connection_params() | {"dbname": ADMIN_DATABASE}
    names = parameters.keys() - {"cursor_factory", "context", "prepare_threshold"}
    try:
        with psycopg.connect(**{name: parameters[name] for name in names}, autocommit=True) as administrator:
            administrator.execute(principal)
    except psycopg.errors.UndefinedFunction:
        raise CommandError(
            "This server has no pgaadauth_create_principal: it isn't in Azure, or Entra authentication is off. "
            "Turn it on, or create the role with CREATE ROLE."
        ) from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise CommandError(
            f"{str(error).strip().splitlines()[0]}. Connect as the server's Entra administrator."
        ) from None
