import ast
import dataclasses
import inspect
import re
from datetime import timedelta
from pathlib import Path

import pytest

from jobs import Keep, Retry, choices, declare
from jobs.declarations.rules import KEEP, RETRY, RULES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "terraform").glob("*.md"),
        ROOT / "terraform/tests/README.md",
    ]
)
DECLARE = (ROOT / "docs/reference/declare.md").read_text()
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page):
    """The headings of a page, as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    dead = []
    for path, anchor in LINK.findall(FENCED.sub("", page.read_text())):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(f"{path}#{anchor}" if anchor else path)
    assert dead == []


def rows_of_parameters():
    rows = re.findall(r"^\| `([a-z_]+)` \|([^|]*)\|", DECLARE, re.MULTILINE)
    return {name: default.strip() for name, default in rows}


def test_every_parameter_of_declare_has_a_row_and_no_other():
    assert set(rows_of_parameters()) == set(inspect.signature(declare).parameters)


def test_the_defaults_of_declare_are_those_documented():
    told = rows_of_parameters()
    # What None and the empty mean is told in words.
    real = {name: parameter.default for name, parameter in inspect.signature(declare).parameters.items()}
    real = {name: default for name, default in real.items() if default not in (None, (), inspect.Parameter.empty)}
    assert {name: eval(told[name].strip("`"), {"timedelta": timedelta}) for name in real} == real


def test_every_field_of_a_retry_and_of_a_keep_has_a_row_with_its_default():
    told = dict(re.findall(r"^\| `([a-z_]+)=` \| `([^|]*)` \|", DECLARE, re.MULTILINE))
    real = {field.name: field.default for kind in (Retry, Keep) for field in dataclasses.fields(kind)}
    assert {name: eval(default, {"timedelta": timedelta}) for name, default in told.items()} == real


def check_ids():
    """The numbers of our system checks."""
    found = {f"jobs.E{rule.number:03}" for rule in [*RULES.values(), *RETRY.values(), *KEEP.values()]}
    for module in (ROOT / "jobs").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"Mistake", "_error"}:
                found.update(f"jobs.E{number.value:03}" for number in node.args[:1] if isinstance(number, ast.Constant))
        found.update(re.findall(r'"(jobs\.[EW]\d{3})"', module.read_text()))
    return found


def test_every_check_has_one_row():
    assert sorted(re.findall(r"^\| `(jobs\.[EW]\d{3})` \|", DECLARE, re.MULTILINE)) == sorted(check_ids())


@pytest.mark.parametrize("word", [*choices.Status, *choices.Trigger, *choices.Fate, *choices.Overlap, *choices.Misfire])
def test_every_word_that_a_row_holds_is_in_the_glossary(word):
    assert re.search(rf"\b{word}\b", (ROOT / "docs/glossary.md").read_text())


def test_the_design_has_a_line_for_each_folder_and_each_module_beside_them():
    lines = (ROOT / "docs/design.md").read_text().partition("\njobs/ ")[2].partition("\nexamples/")[0]
    told = set(re.findall(r"(?<![\w.])(\w+(?:/|\.py))(?= )", lines)) | set(re.findall(r"(\w+\.py):", lines))
    folders = {f"{file.parent.name}/" for file in (ROOT / "jobs").glob("*/__init__.py")} | {"isolation/", "explain/"}
    modules = {file.name for file in (ROOT / "jobs").glob("*.py")} - {"__init__.py"}
    assert (folders | modules) - told == set()


PROMISE = (ROOT / "docs/promise.md").read_text()


def test_every_file_that_the_promise_rests_on_exists():
    paths = re.findall(r"`((?:jobs|tests|mydjango|docs)/[\w/.]*)", PROMISE)
    assert len(paths) > 30
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_test_that_the_promise_names_exists():
    tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PROMISE)
    assert len(tests) > 20
    assert [test for file, test in tests if f"def {test}(" not in (ROOT / file).read_text()] == []


def test_every_sentence_of_the_promise_has_its_chapter():
    promise = (ROOT / "docs/design.md").read_text().partition("## The promise")[2].partition("\n## ")[0]
    sentences = re.findall(r"^\d\. \*\*(.+?)\.?\*\*", promise, re.MULTILINE)
    assert re.findall(r"^## \d\. (.+)$", PROMISE, re.MULTILINE) == sentences


CITATION = re.compile(r'docs/reference/azure\.md,[\s#]+"([^"]+)"')
CODE = ["jobs/**/*.py", "mydjango/**/*.py", "tests/**/*.py", "container/*", "terraform/**/*.tf", "docs/**/*.md"]


def citations():
    """Each section of docs/reference/azure.md that a file cites, with the file."""
    files = {file for pattern in CODE for file in ROOT.glob(pattern) if file.is_file()}
    return [(title, str(file.relative_to(ROOT))) for file in files for title in CITATION.findall(file.read_text())]


def test_every_section_of_the_azure_page_that_is_cited_exists():
    headings = re.findall(r"^## (.+)$", (ROOT / "docs/reference/azure.md").read_text(), re.MULTILINE)
    cited = citations()
    assert len(cited) > 15
    assert [citation for citation in cited if citation[0] not in headings] == []


def test_no_file_cites_a_page_that_the_repository_lacks():
    named = re.compile(r"(?<![\w./-])((?:docs|terraform|examples)/[\w/-]+\.md)\b")
    files = [file for pattern in CODE for file in ROOT.glob(pattern) if file.is_file()]
    dead = [(page, file.name) for file in files for page in named.findall(file.read_text())]
    assert [(page, file) for page, file in dead if not (ROOT / page).exists()] == []
