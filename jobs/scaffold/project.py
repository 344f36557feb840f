"""The Django project in a folder: where its settings, its package and its requirements are."""

import ast
from dataclasses import dataclass
from pathlib import Path

# Where Django's own layout, and most others, say which settings a process takes.
ENTRIES = ("manage.py", "wsgi.py", "asgi.py")
SETTINGS = "DJANGO_SETTINGS_MODULE"


class NoProject(ValueError):
    """Why a folder holds no project that can be read, and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """A project. `settings` is the module of a deployment, `local_settings` that of a laptop; often they are one.

    `package` is the folder that gets our modules, relative to `folder`; their names begin with `prefix` ("shop.").
    `installer` is how its requirements are installed: "pip", "uv", "poetry" or "none".
    """

    folder: Path
    settings: str
    local_settings: str
    package: Path
    prefix: str
    installer: str
    requirements: str = ""

    @property
    def nightshift_settings(self) -> str:
        return f"{self.prefix}nightshift_settings"

    @property
    def name(self) -> str:
        """A name for it: that of its package, or of its folder."""
        return self.prefix.rstrip(".") or self.folder.name


def find(folder: Path, settings: str = "") -> Project:
    """The project in this folder. `settings` is its settings module where that can't be found out. Raises NoProject."""
    if not (folder / "manage.py").is_file():
        raise NoProject(f"There is no manage.py in {folder}. Run this in the folder of the Django project.")
    local = settings or _settings_in(folder / "manage.py")
    if not local:
        raise NoProject(f"manage.py sets no {SETTINGS}. Say which module it is: --settings shop.settings")
    _must_exist(folder, local)
    deployed = settings or next(filter(None, map(_settings_in, _entries(folder, local))), local)
    _must_exist(folder, deployed)
    package, dot, _ = local.partition(".")
    installer, requirements = _installer(folder)
    return Project(
        folder=folder,
        settings=deployed,
        local_settings=local,
        package=Path(package if dot else "."),
        prefix=f"{package}." if dot else "",
        installer=installer,
        requirements=requirements,
    )


def _entries(folder: Path, settings: str) -> list[Path]:
    """The WSGI and ASGI modules beside the settings: what a server takes, where manage.py is for a laptop."""
    package = folder.joinpath(*settings.split(".")[:1]) if "." in settings else folder
    return [file for name in ENTRIES[1:] for file in (package / name, folder / name) if file.is_file()]


def _settings_in(file: Path) -> str:
    """What this module sets DJANGO_SETTINGS_MODULE to by itself; empty where it doesn't."""
    try:
        tree = ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError, OSError):
        return ""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="setdefault"), args=[ast.Constant(value=name), given]):
                pass
            case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=name))], value=given):
                pass
            case _:
                continue
        if name == SETTINGS and isinstance(given, ast.Constant) and isinstance(given.value, str):
            return given.value
    return ""


def _must_exist(folder: Path, module: str) -> None:
    place = folder.joinpath(*module.split("."))
    if not (place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()):
        raise NoProject(
            f"The settings module {module!r} isn't in {folder}. Say which one it is: --settings shop.settings"
        )


def _installer(folder: Path) -> tuple[str, str]:
    if (folder / "uv.lock").is_file():
        return "uv", "uv.lock"
    if (folder / "poetry.lock").is_file():
        return "poetry", "poetry.lock"
    for name in ("requirements.txt", "requirements/production.txt", "requirements/prod.txt", "requirements/base.txt"):
        if (folder / name).is_file():
            return "pip", name
    return "none", ""
