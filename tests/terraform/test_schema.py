"""Every block against azurerm's own schema: names, what is required, what can only be read, what is out of use."""

import re

import pytest

from tests.terraform import configuration
from tests.terraform.configuration import BOOTSTRAP, MAIN

META = {"count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "timeouts", "__is_block__"}
REFERENCE = re.compile(r"\b((?:data\.)?azurerm_\w+\.\w+)(\[[^\]]+\])?(?:\.(\w+))?")

pytestmark = configuration.NEEDS_SCHEMA


@pytest.fixture(scope="module")
def schema():
    return configuration.schema()


def of(schema, block):
    return schema["data_source_schemas" if block.kind == "data" else "resource_schemas"].get(block.type)


def attributes_of(schema):
    return schema["attributes"] | schema.get("block_types", {})


def problems(body, schema, place):
    attributes, nested = schema.get("attributes", {}), schema.get("block_types", {})
    given = {name: value for name, value in body.items() if name not in META | {"dynamic"}}
    dynamic = {name: each for entry in body.get("dynamic", []) for name, each in entry.items()}
    for name, value in given.items():
        if name in nested:
            for inner in value:
                yield from problems(inner, nested[name]["block"], f"{place}.{name}")
        elif name not in attributes:
            yield f"{place}: no argument {name}"
        else:
            yield from problems_of_an_argument(attributes[name], value, f"{place}.{name}")
    for name, each in dynamic.items():
        if name not in nested:
            yield f"{place}: no block {name}"
        else:
            for content in each["content"]:
                yield from problems(content, nested[name]["block"], f"{place}.{name}")
    for name, attribute in attributes.items():
        if attribute.get("required") and name not in given:
            yield f"{place}: {name} is required"
    for name, block in nested.items():
        if block.get("min_items") and name not in given and name not in dynamic:
            yield f"{place}: a block {name} is required"
        if block.get("max_items") == 1 and len(given.get(name, [])) > 1:
            yield f"{place}: one block {name} at most"


def problems_of_an_argument(attribute, value, place):
    if not attribute.get("required") and not attribute.get("optional"):
        yield f"{place} can only be read"
    if attribute.get("deprecated"):
        yield f"{place} is deprecated"
    wanted = {"string": str, "bool": (bool, str), "number": (int, float, str)}.get(str(attribute["type"]))
    if wanted and not isinstance(value, wanted):
        yield f"{place} is a {attribute['type']}, not {value!r}"
    if isinstance(attribute["type"], list) and isinstance(value, (bool, int)):
        yield f"{place} is a {attribute['type'][0]}, not {value!r}"


@pytest.mark.parametrize("folder", [MAIN, BOOTSTRAP], ids=lambda folder: folder.name)
def test_every_argument_is_one_that_azurerm_has(schema, folder):
    found = []
    for block in configuration.blocks(folder):
        if block.type.startswith("azurerm_"):
            assert of(schema, block), f"azurerm has no {block.address}"
            found.extend(problems(block.body, of(schema, block)["block"], block.address))
    assert found == []


def test_a_wrong_block_would_be_found(schema):
    body = configuration.read("""
      resource "azurerm_subnet" "wrong" {
        name              = ["one"]
        id_of_nothing     = "x"
        route_table_id    = "read only"
        service_endpoints = ["Microsoft.Storage"]
        delegation {
          name = "empty"
        }
      }
    """)["resource"][0]["azurerm_subnet"]["wrong"]
    found = list(problems(body, schema["resource_schemas"]["azurerm_subnet"]["block"], "it"))
    assert sorted(found) == [
        "it.delegation: a block service_delegation is required",
        "it.name is a string, not ['one']",
        "it.route_table_id can only be read",
        "it: no argument id_of_nothing",
        "it: no argument service_endpoints",
        "it: resource_group_name is required",
        "it: virtual_network_name is required",
    ]


@pytest.mark.parametrize("folder", [MAIN, BOOTSTRAP], ids=lambda folder: folder.name)
def test_the_provider_gets_nothing_it_does_not_know(schema, folder):
    for file in configuration.parse(folder):
        for entry in file.get("provider", []):
            assert list(problems(entry["azurerm"], schema["provider_config"], "provider")) == []


@pytest.mark.parametrize("folder", [MAIN, BOOTSTRAP], ids=lambda folder: folder.name)
def test_every_reference_leads_somewhere(schema, folder):
    known = {block.address: block for block in configuration.blocks(folder)}
    wrong = []
    for whole in REFERENCE.finditer(configuration.text(folder)):
        address, index, attribute = whole.groups()
        block = known.get(address)
        if block is None:
            wrong.append(f"{whole[0]}: there is no {address}")
        elif attribute and bool(index) != block.is_many:
            wrong.append(f"{whole[0]}: {'there are many' if block.is_many else 'there is one'}")
        elif attribute and (found := of(schema, block)) and attribute not in attributes_of(found["block"]):
            wrong.append(f"{whole[0]}: no attribute {attribute}")
    assert wrong == []


@pytest.mark.parametrize("folder", [MAIN, BOOTSTRAP], ids=lambda folder: folder.name)
def test_an_output_of_something_secret_says_so(schema, folder):
    known = {block.address: block for block in configuration.blocks(folder)}
    for name, output in configuration.named("output", folder).items():
        secret = [
            whole[0]
            for whole in REFERENCE.finditer(str(output["value"]))
            if (found := of(schema, known[whole[1]]))
            and found["block"]["attributes"].get(whole[3], {}).get("sensitive")
        ]
        assert not secret or output.get("sensitive") is True, f"{name} has {secret}"


def test_what_is_mocked_is_what_azurerm_computes(schema):
    mocks = configuration.read((MAIN / "tests/mocks/azurerm.tfmock.hcl").read_text())
    for kind, schemas in (("mock_resource", "resource_schemas"), ("mock_data", "data_source_schemas")):
        for entry in mocks[kind]:
            for type_, body in entry.items():
                attributes = schema[schemas][type_]["block"]["attributes"]
                for name in body["defaults"]:
                    assert attributes[name].get("computed"), f"{type_}.{name} is not computed"


def test_every_id_that_another_resource_takes_is_mocked():
    mocked = {
        type_
        for entry in configuration.read((MAIN / "tests/mocks/azurerm.tfmock.hcl").read_text())["mock_resource"]
        for type_, body in entry.items()
        if "id" in body["defaults"]
    }
    taken = {whole[1].split(".")[0] for whole in REFERENCE.finditer(configuration.text()) if whole[3] == "id"}
    assert taken - mocked - {"data"} == set()
