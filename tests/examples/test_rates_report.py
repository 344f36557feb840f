from io import StringIO

import pytest
from django.core.management import CommandError, call_command

pytestmark = pytest.mark.django_db


def test_the_report_shows_the_latest_rates_and_their_week(quote):
    quote("USD", {"2026-10-22": "1.25", "2026-10-23": "1.2", "2026-10-30": "1.11"}, name="US dollar")
    quote("IDR", {"2026-10-30": "20275.17"}, name="Indonesian rupiah")
    quote("CYP", {"2007-12-31": "0.585274"}, name="Cypriot pound")
    output = StringIO()
    call_command("rates_report", stdout=output)
    assert output.getvalue() == (
        "One euro on 2026-10-30, and the change within a week:\n"
        "      20275.17 IDR          –  Indonesian rupiah\n"
        "          1.11 USD    -7.50 %  US dollar\n"
    )


def test_without_rates_the_report_says_where_to_get_some():
    with pytest.raises(CommandError) as caught:
        call_command("rates_report")
    assert str(caught.value) == "There are no rates yet. Import them first: manage.py import_rates"
