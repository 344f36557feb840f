"""The bank's file has only codes, but people need names: here are those of all 41 currencies that it ever had.

A name that somebody wrote stays. On the way back no rate is lost: a currency that has rates loses only its name.
"""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# Source: https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/
NAMES = {
    "AUD": "Australian dollar",
    "BGN": "Bulgarian lev",
    "BRL": "Brazilian real",
    "CAD": "Canadian dollar",
    "CHF": "Swiss franc",
    "CNY": "Chinese yuan renminbi",
    "CYP": "Cypriot pound",
    "CZK": "Czech koruna",
    "DKK": "Danish krone",
    "EEK": "Estonian kroon",
    "GBP": "Pound sterling",
    "HKD": "Hong Kong dollar",
    "HRK": "Croatian kuna",
    "HUF": "Hungarian forint",
    "IDR": "Indonesian rupiah",
    "ILS": "Israeli shekel",
    "INR": "Indian rupee",
    "ISK": "Icelandic króna",
    "JPY": "Japanese yen",
    "KRW": "South Korean won",
    "LTL": "Lithuanian litas",
    "LVL": "Latvian lats",
    "MTL": "Maltese lira",
    "MXN": "Mexican peso",
    "MYR": "Malaysian ringgit",
    "NOK": "Norwegian krone",
    "NZD": "New Zealand dollar",
    "PHP": "Philippine peso",
    "PLN": "Polish zloty",
    "ROL": "Romanian leu (until June 2005)",
    "RON": "Romanian leu",
    "RUB": "Russian rouble",
    "SEK": "Swedish krona",
    "SGD": "Singapore dollar",
    "SIT": "Slovenian tolar",
    "SKK": "Slovak koruna",
    "THB": "Thai baht",
    "TRL": "Turkish lira (until 2004)",
    "TRY": "Turkish lira",
    "USD": "US dollar",
    "ZAR": "South African rand",
}


def name_currencies(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    currencies = apps.get_model("rates", "Currency")._default_manager
    for code, name in NAMES.items():
        currency, _ = currencies.get_or_create(code=code, defaults={"name": name})
        if not currency.name:
            currencies.filter(code=code).update(name=name)


def forget_names(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    currencies = apps.get_model("rates", "Currency")._default_manager
    for code, name in NAMES.items():
        ours = currencies.filter(code=code, name=name)
        ours.filter(rates=None).delete()
        ours.update(name="")


class Migration(migrations.Migration):
    dependencies = [("rates", "0001_currencies_and_rates")]

    operations = [migrations.RunPython(name_currencies, forget_names)]
