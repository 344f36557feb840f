"""The files that `nightshift init` adds to a project: what is in each, by the installed version."""

import re
from collections.abc import Iterator
from pathlib import Path

from jobs.scaffold.project import Project
from jobs.version import __version__

HERE = Path(__file__).parent
# In a wheel they lie beside this module; in a clone they are the repository's own.
BUNDLED = HERE / "bundled"
CLONE = HERE.parents[1]
# What is the same in each project, from the repository.
COPIED = ("host.json", ".github/workflows/deploy.yml", "tools/wait_until_ready.py")
TREES = ("container", "terraform")
# Terraform's tests are about our own values, and what the tool itself writes is nobody's.
LEFT_OUT = {"tests", ".terraform", "__pycache__"}
LINK = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(docs/[^)#]+)(?:#[^)]*)?\)")
DOCS = re.compile(r"(docs/[\w/-]+\.md)")
# Without it the ledger only grows.
PRUNE = """\
# Nightshift's own: delete output after 30 days, runs after 90, and failed ones after 180.
declare("prune_runs", schedule="0 30 3 * * *")
"""


def files_of(project: Project, schedule: str) -> dict[Path, str]:
    """Each file by its path in the project, and its text. `schedule` is what schedule.py begins with."""
    return {
        project.package / "nightshift_settings.py": _settings(project),
        project.package / "schedule.py": f"{schedule}\n{PRUNE}",
        Path("function_app.py"): _template("function_app.py.txt", project),
        Path("Dockerfile"): _template(f"Dockerfile.{project.installer}.txt", project),
        Path(".dockerignore"): _template("dockerignore.txt", project),
        **dict(_copied()),
    }


def _copied() -> Iterator[tuple[Path, str]]:
    root = BUNDLED if BUNDLED.is_dir() else CLONE
    for name in COPIED:
        yield Path(name), _text(root / name)
    for tree in TREES:
        for file in sorted((root / tree).rglob("*")):
            path = file.relative_to(root)
            if file.is_file() and not LEFT_OUT & set(path.parts) and not file.name.endswith((".tfstate", ".pyc")):
                yield path, _text(file)


def _text(file: Path) -> str:
    """What a file of the repository holds, for a project, which has no docs/ of ours: its links there become words."""
    return DOCS.sub(r"\1 of Nightshift", LINK.sub(r"\1 (\2)", file.read_text(encoding="utf-8")))


def _settings(project: Project) -> str:
    name = "settings.py.txt" if project.settings == project.local_settings else "settings_of_two.py.txt"
    return _template(name, project)


def _template(name: str, project: Project) -> str:
    text = (HERE / "templates" / name).read_text(encoding="utf-8")
    values = {
        "settings": project.settings,
        "local_settings": project.local_settings,
        "nightshift_settings": project.nightshift_settings,
        "requirements": project.requirements,
        "project": project.name,
        "version": __version__,
    }
    for key, value in values.items():
        text = text.replace(f"@@{key}@@", value)
    return text
