import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BANKS_CURRENCIES = 41


@pytest.fixture
def migrate(transactional_db):
    """Takes the app's migrations to one of them, there or back, and gives the models of that moment."""

    def to(name):
        executor = MigrationExecutor(connection)
        executor.migrate([("rates", name)])
        return MigrationExecutor(connection).loader.project_state([("rates", name)] if name else []).apps

    yield to
    executor = MigrationExecutor(connection)
    executor.migrate([node for node in executor.loader.graph.leaf_nodes() if node[0] == "rates"])


@pytest.fixture
def populated(migrate):
    """The database as it was before the names, with currencies and rates in it; gives its models."""
    migrate(None)
    apps = migrate("0001_currencies_and_rates")
    currency, rate = apps.get_model("rates", "Currency"), apps.get_model("rates", "Rate")
    for code, name in {"USD": "", "JPY": "Yen, as we call it", "XAU": ""}.items():
        currency.objects.create(code=code, name=name)
        for day in ["2026-10-29", "2026-10-30"]:
            rate.objects.create(currency_id=code, date=day, rate="1.5")
    return apps


def names(apps):
    return dict(apps.get_model("rates", "Currency").objects.values_list("code", "name"))


def rates(apps):
    return apps.get_model("rates", "Rate").objects.count()


def test_currencies_get_their_names_and_keep_those_they_have(populated, migrate):
    found = names(migrate("0002_currency_names"))
    assert found["USD"] == "US dollar"
    assert found["JPY"] == "Yen, as we call it"
    assert found["XAU"] == ""
    assert len(found) == BANKS_CURRENCIES + 1


def test_the_names_cover_the_banks_file(migrate, bank_rates):
    migrate(None)
    assert set(names(migrate("0002_currency_names"))) == {currency for _, currency in bank_rates}


def test_taking_the_names_back_loses_no_rate(populated, migrate):
    migrate("0002_currency_names")
    apps = migrate("0001_currencies_and_rates")
    assert names(apps) == {"USD": "", "JPY": "Yen, as we call it", "XAU": ""}
    assert rates(apps) == 6


def test_the_view_shows_the_latest_rate_of_each_currency_that_has_one(populated, migrate):
    latest = migrate("0003_latest_rates").get_model("rates", "LatestRate").objects.order_by("currency")
    assert [(rate.currency_id, str(rate.date)) for rate in latest] == [
        ("JPY", "2026-10-30"),
        ("USD", "2026-10-30"),
        ("XAU", "2026-10-30"),
    ]


def test_grants_wait_for_the_app_that_has_the_users(populated, migrate, django_user_model):
    graph = MigrationExecutor(connection).loader.graph
    assert ("auth", "0001_initial") in graph.node_map[("rates", "0004_currency_grants")].parents
    grants = migrate("0004_currency_grants").get_model("rates", "CurrencyGrant").objects
    user = django_user_model.objects.create_user("customer")
    assert grants.create(user_id=user.pk, currency_id="USD").currency.name == "US dollar"


def test_a_populated_database_goes_all_the_way_back_and_up_again(populated, migrate):
    apps = migrate("0004_currency_grants")
    assert rates(apps) == 6
    assert rates(migrate("0001_currencies_and_rates")) == 6
    migrate(None)
    assert not [table for table in connection.introspection.table_names(include_views=True) if "rates_" in table]
    assert len(names(migrate("0004_currency_grants"))) == BANKS_CURRENCIES
