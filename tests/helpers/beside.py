"""A project beside ours, as a team has it: settings, apps and commands that a test writes, in processes of its own."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

ROOT = Path(__file__).resolve().parents[2]


class Project:
    """`settings` is Python that comes after ours; `files` are paths and what they hold."""

    def __init__(self, folder, database_url, settings="", files=None):
        self.folder, self.database_url = Path(folder), database_url
        self.write("project_settings.py", "from tests.settings import *\n" + dedent(settings))
        for path, text in (files or {}).items():
            self.write(path, text)

    def write(self, path, text):
        file = self.folder / path
        for package in file.relative_to(self.folder).parents:
            (self.folder / package).mkdir(parents=True, exist_ok=True)
            if package != Path():
                (self.folder / package / "__init__.py").touch()
        file.write_text(dedent(text))

    @property
    def environment(self):
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{self.folder}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "project_settings",
            "LOCAL": "1",
            "SECRET_KEY": "a-test's",
            "DATABASE_URL": self.database_url,
            "TEST_PROJECT": os.environ.get("TEST_PROJECT", ""),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def python(self, *words, stdin="", timeout=100, **environment):
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def manage(self, *words, **environment):
        return self.python(str(ROOT / "manage.py"), *words, **environment)

    def script(self, text, **environment):
        """Run Python in the project, with Django set up."""
        return self.python("-", stdin=f"import django; django.setup()\n{dedent(text)}", **environment)


def url_of(parameters):
    """These connection parameters as a URL, which libpq can read."""
    url = "postgresql://?" + "&".join(f"{name}={value}" for name, value in parameters.items())
    make_conninfo(url)
    return url


@contextmanager
def empty_database(url, name):
    """An empty database on the server of this URL; gives its own URL."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}"')
    try:
        yield url_of(conninfo_to_dict(url) | {"dbname": name})
    finally:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
