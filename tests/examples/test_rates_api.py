from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from examples.rates.models import CurrencyGrant, Rate
from jobs.ledger import migration_gate


@pytest.fixture
def get():
    """Asks the API as a user; gives the answer back."""

    def ask(user, **parameters):
        client = APIClient()
        if user:
            client.force_authenticate(user)
        return client.get(reverse("rates:list"), parameters)

    return ask


@pytest.fixture
def staff(django_user_model, db):
    return django_user_model.objects.create_user("staff", is_staff=True)


@pytest.fixture
def customer_of(django_user_model, db):
    """Makes a customer to whom these currencies are granted."""

    def make(*currencies):
        user = django_user_model.objects.create_user("customer")
        for currency in currencies:
            CurrencyGrant.objects.create(user=user, currency=currency)
        return user

    return make


def codes(answer):
    return [rate["currency"] for rate in answer.json()["results"]]


def test_a_rate_comes_with_its_name_and_its_change_since_the_day_before(get, staff, quote):
    quote("USD", {"2026-10-29": "1.25", "2026-10-30": "1.20"}, name="US dollar")
    assert get(staff).json() == {
        "count": 2,
        "next": None,
        "previous": None,
        "results": [
            {"currency": "USD", "name": "US dollar", "date": "2026-10-30", "rate": "1.2", "change": "-4.0000"},
            {"currency": "USD", "name": "US dollar", "date": "2026-10-29", "rate": "1.25", "change": None},
        ],
    }


def test_monday_is_compared_with_friday(get, staff, quote):
    quote("USD", {"2026-10-23": "1", "2026-10-26": "1.5"})
    assert get(staff).json()["results"][0]["change"] == "50.0000"


def test_a_currency_that_was_away_for_years_has_no_change(get, staff, quote):
    quote("ISK", {"2008-12-09": "290", "2018-02-01": "125.01"})
    assert get(staff).json()["results"][0]["change"] is None


def test_a_customer_sees_the_currencies_granted_to_it_and_no_others(get, customer_of, quote):
    usd, _ = quote("USD", {"2026-10-30": "1.1"}), quote("JPY", {"2026-10-30": "175"})
    assert codes(get(customer_of(usd))) == ["USD"]


def test_staff_see_every_currency(get, staff, quote):
    quote("USD", {"2026-10-30": "1.1"})
    quote("JPY", {"2026-10-30": "175"})
    assert codes(get(staff)) == ["JPY", "USD"]


def test_another_customers_grant_is_no_help(get, customer_of, quote, django_user_model):
    usd = quote("USD", {"2026-10-30": "1.1"})
    customer_of(usd)
    answer = get(django_user_model.objects.create_user("other"))
    assert answer.status_code == 403
    assert answer.json() == {"detail": "No currency is granted to you. Ask whoever gave you the account for one."}


def test_a_stranger_is_refused(get, quote):
    quote("USD", {"2026-10-30": "1.1"})
    assert get(None).status_code == 403


def test_a_currency_granted_to_nobody_is_not_everybodys(quote):
    quote("USD", {"2026-10-30": "1.1"})
    assert not Rate.objects.visible_to(AnonymousUser())


def test_currencies_are_picked_by_code(get, staff, quote):
    for code in ["USD", "JPY", "CHF"]:
        quote(code, {"2026-10-30": "1.1"})
    assert codes(get(staff, currency=["usd", "CHF"])) == ["CHF", "USD"]


@pytest.mark.parametrize("code", ["JPY", "XXX"], ids=["not granted", "not known"])
def test_a_currency_not_granted_is_answered_like_one_not_known(get, customer_of, quote, code):
    quote("JPY", {"2026-10-30": "175"})
    usd, chf = quote("USD", {"2026-10-30": "1.1"}), quote("CHF", {"2026-10-30": "0.9"})
    answer = get(customer_of(usd, chf), currency=code)
    assert answer.status_code == 400
    assert answer.json() == {"currency": [f"'{code}' is not among your currencies. Write one of: CHF, USD."]}


def test_a_period_includes_both_its_ends(get, staff, quote):
    quote("USD", {f"2026-10-{day}": "1.1" for day in range(26, 31)})
    answer = get(staff, since="2026-10-27", until="2026-10-29")
    assert [rate["date"] for rate in answer.json()["results"]] == ["2026-10-29", "2026-10-28", "2026-10-27"]


@pytest.mark.parametrize(
    ("parameters", "mistake"),
    [
        ({"since": "yesterday"}, {"since": ["since is 'yesterday'. Write a date such as 2026-01-31."]}),
        ({"until": "2026-02-30"}, {"until": ["until is '2026-02-30'. Write a date such as 2026-01-31."]}),
        (
            {"since": "2026-10-30", "until": "2026-10-01"},
            {"since": ["since (2026-10-30) is after until (2026-10-01). Exchange the two."]},
        ),
        ({"top": "year"}, {"top": ["top is 'year'. Write one of: day, week."]}),
    ],
)
def test_a_parameter_that_cannot_be_read_is_reported(get, staff, quote, parameters, mistake):
    quote("USD", {"2026-10-30": "1.1"})
    answer = get(staff, **parameters)
    assert (answer.status_code, answer.json()) == (400, mistake)


def test_the_top_ten_of_the_day_are_those_that_moved_most_up_or_down(get, staff, quote):
    for step, code in enumerate(["AAA", "BBB", "CCC", "DDD", "EEE", "FFF", "GGG", "HHH", "III", "JJJ", "KKK", "LLL"]):
        moved = 100 + step * (-1) ** step
        quote(code, {"2026-10-23": "1", "2026-10-29": "100", "2026-10-30": str(moved)})
    answer = get(staff, top="day")
    assert codes(answer) == ["LLL", "KKK", "JJJ", "III", "HHH", "GGG", "FFF", "EEE", "DDD", "CCC"]
    assert [rate["change"] for rate in answer.json()["results"][:2]] == ["-11.0000", "10.0000"]
    assert {rate["date"] for rate in answer.json()["results"]} == {"2026-10-30"}


def test_the_top_of_the_week_compares_with_a_week_before(get, staff, quote):
    quote("USD", {"2026-10-23": "1", "2026-10-29": "4", "2026-10-30": "2"})
    assert [rate["change"] for rate in get(staff, top="week").json()["results"]] == ["100.0000"]


def test_until_asks_for_the_top_of_an_earlier_day(get, staff, quote):
    quote("USD", {"2026-10-28": "1", "2026-10-29": "2", "2026-10-30": "3"})
    [rate] = get(staff, top="day", until="2026-10-29").json()["results"]
    assert (rate["date"], rate["change"]) == ("2026-10-29", "100.0000")


def test_the_top_is_found_among_ones_own_currencies(get, customer_of, quote):
    usd = quote("USD", {"2026-10-28": "1", "2026-10-29": "2"})
    quote("JPY", {"2026-10-29": "100", "2026-10-30": "200"})
    assert codes(get(customer_of(usd), top="day")) == ["USD"]


def test_no_rates_have_no_top(get, staff, quote):
    quote("USD", {})
    assert get(staff, top="day").json()["results"] == []


@pytest.mark.parametrize("days", [2, 25])
@pytest.mark.parametrize(
    ("parameters", "queries"),
    # The grants, the count, the page; for ?currency also the currencies that are available.
    [({}, 3), ({"currency": "USD"}, 4), ({"top": "day"}, 3)],
)
def test_fifty_rows_cost_as_many_queries_as_four(
    get, customer_of, quote, django_assert_num_queries, days, parameters, queries
):
    dates = [str(date(2026, 10, 1) + timedelta(days=day)) for day in range(days)]
    user = customer_of(*[quote(code, dict.fromkeys(dates, "1.1")) for code in ["USD", "JPY"]])
    migration_gate.pending()  # asked at a process's first request
    with django_assert_num_queries(queries):
        answer = get(user, **parameters)
    if not parameters:
        assert len(codes(answer)) == 2 * days


def test_the_schema_lists_every_parameter_without_a_warning():
    output = StringIO()
    call_command(
        "spectacular",
        "--urlconf=examples.rates.urls",
        "--validate",
        "--fail-on-warn",
        "--format=openapi-json",
        stdout=output,
    )
    for parameter in ["currency", "since", "until", "top", "page"]:
        assert f'"name": "{parameter}"' in output.getvalue()


def test_the_admin_lists_currencies_with_their_latest_rate(admin_client, quote, django_assert_max_num_queries):
    quote("USD", {"2026-10-29": "1.2", "2026-10-30": "1.1172"})
    quote("XAU", {})
    with django_assert_max_num_queries(6):
        answer = admin_client.get(reverse("admin:rates_currency_changelist"))
    assert "1.1172" in answer.content.decode()
    assert "XAU" in answer.content.decode()


def test_the_admin_shows_rates_and_changes_none(admin_client, quote):
    quote("USD", {"2026-10-30": "1.1172"})
    assert admin_client.get(reverse("admin:rates_rate_changelist")).status_code == 200
    assert admin_client.get(reverse("admin:rates_rate_add")).status_code == 403
