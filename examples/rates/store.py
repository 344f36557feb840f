"""Rates on their way into the table: all of them or none."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction

from examples.rates.ecb import Day

TAKE_IN = "CREATE TEMPORARY TABLE incoming (currency varchar(3), date date, rate numeric) ON COMMIT DROP"
# A second import waits here, readers don't. Without it two imports of the same rates in different orders deadlock.
WAIT_FOR_OTHERS = "LOCK TABLE rates_rate IN SHARE ROW EXCLUSIVE MODE"
ADD_CURRENCIES = """
    INSERT INTO rates_currency (code, name) SELECT DISTINCT currency, '' FROM incoming
    ON CONFLICT DO NOTHING RETURNING code
"""
# The join leaves out what is there already: ON CONFLICT alone would use up an id for each of those rows.
UPSERT = """
    WITH written AS (
        INSERT INTO rates_rate (currency_id, date, rate)
        SELECT incoming.currency, incoming.date, incoming.rate
        FROM incoming LEFT JOIN rates_rate known ON (known.currency_id, known.date) = (incoming.currency, incoming.date)
        WHERE known.rate IS DISTINCT FROM incoming.rate
        ON CONFLICT (currency_id, date) DO UPDATE SET rate = EXCLUDED.rate
        WHERE rates_rate.rate IS DISTINCT FROM EXCLUDED.rate
        RETURNING old.id IS NULL AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""
COUNT = "SELECT count(*), count(DISTINCT currency), min(date), max(date) FROM incoming"


@dataclass(frozen=True, kw_only=True, slots=True)
class Stored:
    """What became of the rates that came in. `read` is the sum of `new`, `changed` and `unchanged`."""

    read: int
    new: int
    changed: int
    currencies: int
    new_currencies: tuple[str, ...]
    first: date | None
    last: date | None

    @property
    def unchanged(self) -> int:
        return self.read - self.new - self.changed

    def __str__(self) -> str:
        sentence = (
            f"{self.read:,} rates of {self.currencies} currencies, {self.first} to {self.last}: "
            f"{self.new:,} new, {self.changed:,} changed, {self.unchanged:,} unchanged."
        )
        if self.new_currencies:
            sentence += f" New currencies, which have no name yet: {', '.join(self.new_currencies)}."
        return sentence


def store(days: Iterable[Day]) -> Stored:
    """Insert the rates of these days, change those that differ, create the currencies that are missing.

    Rates that are in the table and not in `days` stay. What `days` raises takes everything back.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TAKE_IN)
        with cursor.copy("COPY incoming FROM STDIN") as copy:
            for day in days:
                for currency, rate in day.rates:
                    copy.write_row((currency, day.date, rate))
        cursor.execute(WAIT_FOR_OTHERS)
        cursor.execute(ADD_CURRENCIES)
        new_currencies = tuple(sorted(code for (code,) in cursor.fetchall()))
        cursor.execute(UPSERT)
        new, changed = cursor.fetchone()
        cursor.execute(COUNT)
        read, currencies, first, last = cursor.fetchone()
        # COMMIT would drop it, but within a caller's transaction another import may come first.
        cursor.execute("DROP TABLE incoming")
    return Stored(
        read=read,
        new=new,
        changed=changed,
        currencies=currencies,
        new_currencies=new_currencies,
        first=first,
        last=last,
    )
