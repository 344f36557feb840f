"""The jobs of a small shop. Each only pretends to do what its name says."""

from datetime import timedelta

from jobs import declare

ZONE = "Europe/Berlin"


def shop(name: str, schedule: str, seconds: int, *, labels: str | list[str], **rules: object) -> None:
    arguments = (name, "--seconds", str(seconds))
    declare(name, *arguments, command="shop", schedule=schedule, time_zone=ZONE, labels=labels, **rules)  # type: ignore[arg-type]


shop(
    "sync_orders",
    "0 */15 * * * *",
    4,
    labels=["orders", "frequent"],
    owner="Orders team",
    retries=2,
    description="Fetches new orders from the marketplace.",
)
shop("expire_carts", "0 5/20 * * * *", 2, labels=["orders", "frequent"], owner="Orders team")
shop("check_stock", "0 10 * * * *", 6, labels="warehouse", owner="Warehouse", timeout=timedelta(minutes=20))
shop("refresh_search", "0 40 * * * *", 8, labels="catalogue", owner="Catalogue", overlap="queue")
shop(
    "nightly_backup",
    "0 0 2 * * *",
    20,
    labels="platform",
    owner="Platform",
    timeout=timedelta(hours=2),
    runbook="https://example.com/runbooks/backup",
    description="Copies the database to another region.",
)
shop(
    "send_invoices",
    "0 0 6 * * MON-FRI",
    5,
    labels=["billing", "mail"],
    owner="Billing",
    runbook="https://example.com/runbooks/invoices",
    description="Mails the invoices of the day before.",
    confirm="send",
)
shop("archive_documents", "0 15 3 * * *", 12, labels="billing", owner="Billing", timeout=timedelta(hours=3))
shop("newsletter", "0 0 8 * * MON", 10, labels="mail", owner="Marketing", confirm="newsletter")
shop("month_end_report", "0 30 4 1 * *", 15, labels="billing", owner="Billing")
shop("price_forecast", "0 45 5 * * *", 9, labels="catalogue", owner="Catalogue")
