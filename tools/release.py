"""A release is whole: one version, its section in CHANGELOG.md, and a wheel with what a project needs.

python -m tools.release check [--tag v1.2.3] [--wheel FILE]
python -m tools.release notes                                  the section of CHANGELOG.md, for the release's page
"""

import argparse
import re
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# Where the version stands besides: the API's description carries it too.
COPIES = {"mydjango/settings.py": r'"VERSION": "([^"]+)"', "openapi.yml": r"(?m)^  version: (\S+)$"}
WHERE = "See [tool.hatch.build.targets.wheel] in pyproject.toml."


def version(root: Path = ROOT) -> str:
    """Read from the file, so that nothing has to be installed."""
    [found] = re.findall(r'^__version__ = "([^"]+)"$', (root / "jobs/version.py").read_text(), re.MULTILINE)
    return str(found)


def notes(root: Path = ROOT) -> str:
    """What CHANGELOG.md says of the version; empty where it has no section of it."""
    heading = rf"^## \[{re.escape(version(root))}\] - \d{{4}}-\d\d-\d\d$"
    found = re.search(rf"{heading}\n(.*?)(?=^## |\Z)", (root / "CHANGELOG.md").read_text(), re.MULTILINE | re.DOTALL)
    return found[1].strip() if found else ""


def problems(root: Path = ROOT, tag: str = "", wheel: Path | None = None) -> Iterator[str]:
    """What stands in the way of a release, a sentence each."""
    number = version(root)
    for path, pattern in COPIES.items():
        if (found := re.findall(pattern, (root / path).read_text())) != [number]:
            yield f"{path} says {', '.join(found) or 'nothing'}, and jobs/version.py {number}. Write {number} there."
    if tag and tag != f"v{number}":
        yield f"The tag is {tag}, and the version {number}. Tag v{number}, or change jobs/version.py."
    if not notes(root):
        yield f"CHANGELOG.md says nothing under `## [{number}] - YYYY-MM-DD`. Move there what is Unreleased."
    if wheel:
        yield from _problems_of_wheel(wheel, root)


def _problems_of_wheel(wheel: Path, root: Path) -> Iterator[str]:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in sorted(names):
        if not name.startswith("jobs/") and ".dist-info/" not in name:
            yield f"The wheel holds {name}, which is not of jobs/. {WHERE}"
    files = (path for path in (root / "jobs").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    for name in sorted({str(path.relative_to(root)) for path in files} - names):
        yield f"The wheel lacks {name}. {WHERE}"


def main() -> int:
    """0, or 1 with a sentence for each problem."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["check", "notes"])
    parser.add_argument("--tag", default="")
    parser.add_argument("--wheel", type=Path)
    options = parser.parse_args()
    if options.what == "notes":
        sys.stdout.write(f"{notes()}\n")
        return 0
    found = list(problems(tag=options.tag, wheel=options.wheel))
    sys.stdout.writelines(f"{sentence}\n" for sentence in found)
    if not found:
        sys.stdout.write(f"{version()} can be released.\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
