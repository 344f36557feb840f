import re

import pytest

from tests.terraform import configuration
from tests.terraform.configuration import BOOTSTRAP, MAIN, ROOT

FOLDERS = [MAIN, BOOTSTRAP]
VARIABLES = [(folder, name) for folder in FOLDERS for name in configuration.named("variable", folder)]


@pytest.mark.parametrize(("folder", "name"), VARIABLES, ids=lambda value: getattr(value, "name", value))
def test_a_variable_has_type_and_description_and_shows_a_valid_value(folder, name):
    variable = configuration.named("variable", folder)[name]
    assert variable["type"]
    assert len(variable["description"]) > 10
    for validation in variable["validation"]:
        message = validation["error_message"]
        assert re.search(r"such as |\(or |Write |Take |null\.|one of Azure's sizes: ", message), message
        assert message.endswith(".")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_only_the_name_is_asked_for(folder):
    variables = configuration.named("variable", folder)
    assert [name for name, variable in variables.items() if "default" not in variable] == ["name"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_an_output_is_described(folder):
    assert [name for name, output in configuration.named("output", folder).items() if not output["description"]] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_variable_and_local_value_is_used_and_known(folder):
    text = configuration.text(folder)
    used = set(re.findall(r"\bvar\.(\w+)", re.sub(r'^variable "\w+" \{.*?^\}', "", text, flags=re.M | re.S)))
    assert used == set(configuration.named("variable", folder))
    assert set(re.findall(r"\blocal\.(\w+)", text)) == set(configuration.local_values(folder))


def in_one_line(description):
    return " ".join(description.replace("<<-EOT", "").replace("EOT", "").replace('\\"', '"').split())


def test_every_refusal_is_tested():
    text = (MAIN / "tests/validations.tftest.hcl").read_text()
    tested = set(re.findall(r"expect_failures = \[var\.(\w+)\]", text))
    # A flag that is neither true nor false doesn't get as far as a validation.
    flags = {name for name, body in configuration.named("variable").items() if body["type"].strip("${}") == "bool"}
    assert tested == set(configuration.named("variable")) - flags


def test_the_example_shows_every_variable_with_its_default():
    example = (MAIN / "terraform.tfvars.example").read_text()
    assert configuration.read(example) == {"name": "nightshift"}
    shown = configuration.read(re.sub(r"^# (?=\w+ += )", "", example, flags=re.MULTILINE))
    variables = configuration.named("variable")
    assert list(shown) == list(variables)
    defaults = {name: variable["default"] for name, variable in variables.items() if name not in {"name", "instances"}}
    assert {name: shown[name] for name in defaults} == defaults
    assert shown["instances"] == {"minimum": 1, "maximum": 1}  # said in the type


def test_the_readme_explains_every_variable_and_output_in_its_own_words():
    rows = re.findall(r"^\| `(\w+)` \|(?:.*\|)? (.+?) \|$", (MAIN / "README.md").read_text(), re.MULTILINE)
    described = [*configuration.named("variable").items(), *configuration.named("output").items()]
    assert rows == [(name, in_one_line(body["description"])) for name, body in described]


def test_an_address_that_a_page_imports_or_removes_is_one_of_ours():
    blocks = {block.address: block for block in configuration.blocks()}
    pages = [*ROOT.glob("docs/**/*.md"), MAIN / "README.md"]
    named = {
        address
        for page in pages
        for address in re.findall(r"terraform (?:import|state rm) '?([\w.]+\w(?:\[[^\]]+\])?)", page.read_text())
    }
    assert len(named) >= 4
    for address in named:
        block, index, _ = address.partition("[")
        assert block in blocks
        assert bool(index) == blocks[block].is_many, address


def test_the_files_go_by_topic():
    assert {file.name for file in MAIN.glob("*.tf")} >= {
        *("versions.tf", "variables.tf", "main.tf", "network.tf", "identity.tf", "registry.tf", "storage.tf"),
        *("key_vault.tf", "database.tf", "function_app.tf", "monitoring.tf", "outputs.tf"),
    }


def test_numbers_that_other_files_know_are_the_same():
    import json

    variables = configuration.named("variable")
    host = json.loads((ROOT / "host.json").read_text())
    assert variables["max_running"]["default"] == host["extensions"]["queues"]["batchSize"]
    version = configuration.resource("azurerm_postgresql_flexible_server.main")["version"]
    assert f"\nembedded-postgres=={version}." in (ROOT / "requirements-dev.txt").read_text()


def test_the_pipeline_may_give_the_roles_that_are_given_and_no_other():
    comments = (BOOTSTRAP / "main.tf").read_text()
    listed = set(re.findall(r'"[0-9a-f-]{36}", # (.+)$', comments, re.MULTILINE))
    given = {entry["role"] for entry in configuration.local_values()["app_roles"].values()}
    deployer = configuration.resource("azurerm_role_assignment.deployer")["role_definition_name"]
    assert deployer == "Key Vault Secrets Officer"  # no less writes a secret
    assert listed == given | {deployer}
