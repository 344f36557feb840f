import pytest

from jobs.schedule.describe import describe
from jobs.schedule.ncrontab import Expression, InvalidExpression


@pytest.mark.parametrize(
    ("expression", "english"),
    [
        ("0 0 3 * * *", "At 03:00 every day"),
        ("30 0 3 * * *", "At 03:00:30 every day"),
        ("0 0 9,17 * * *", "At 09:00 and 17:00 every day"),
        ("0 15 16 * * MON-FRI", "At 16:15, Monday to Friday"),
        ("0 0 3 * * SUN", "At 03:00, Sunday"),
        ("0 0 3 * 6 0,6", "At 03:00, Saturday and Sunday, in June"),
        ("0 0 3 * 6-8 *", "At 03:00 every day from June to August"),
        ("0 0 3 * 1,6-8 *", "At 03:00 every day in January and from June to August"),
        ("0 0 3 * 6-8 MON", "At 03:00, Monday, from June to August"),
        ("0 0 3 1 6-8 *", "At 03:00 on day 1 of the month, from June to August"),
        ("0 0 3 1 6,7 *", "At 03:00 on day 1 of June and July"),
        ("0 5-10 3 * * *", "At minutes 5 to 10 of the hour, between 03:00 and 03:59, every day"),
        ("0 2/5 3-5 * * *", "Every 5 minutes from minute 2 of the hour, between 03:00 and 05:59"),
        ("0 2/5 * * * *", "Every 5 minutes from minute 2 of every hour"),
        ("45-49 0 * * * *", "At seconds 45 to 49 of the minute, in minute 0 of every hour"),
        ("0 0 9 1,15 * *", "At 09:00 on days 1 and 15 of the month"),
        ("0 0 3 29 2 *", "At 03:00 on day 29 of February"),
        ("* * * * * *", "Every second"),
        ("*/10 * * * * *", "Every 10 seconds"),
        ("45-49 * * * * *", "At seconds 45 to 49 of every minute"),
        ("* 0 3 * * *", "Every second, in minute 0 of the hour, between 03:00 and 03:59"),
        ("* * * * *", "Every minute"),
        ("0 * 1,3,7 * * *", "Every minute, in the hours 1, 3 and 7"),
        ("*/5 * * * *", "Every 5 minutes"),
        ("30 */5 * * * *", "Every 5 minutes, at second 30"),
        ("0 0,30 9-17 * * 1-5", "Every 30 minutes, between 09:00 and 17:59, Monday to Friday"),
        ("0 7,9 * * * *", "At minutes 7 and 9 of every hour"),
        ("0 0 * * * *", "Every hour"),
        ("0 30 * * * *", "Every hour at minute 30"),
        ("0 0 */6 * * *", "Every 6 hours"),
        ("0 0 */5 * * *", "Every 5 hours from 00:00 to 20:00"),
        ("0 30 */2 * * *", "Every 2 hours from 00:30 to 22:30"),
        ("0 0 9-17 * * *", "Every hour from 09:00 to 17:00"),
    ],
)
def test_an_expression_reads_as_plain_english(expression, english):
    assert describe(expression) == english


@pytest.mark.parametrize(
    ("expression", "english"),
    [
        ("0 0 22-2 * * *", "Every hour from 02:00 to 22:00"),
        ("0 0 3 * * FRI-MON", "At 03:00, Monday to Friday"),
        ("0 0 12 1 * MON", "At 12:00 on day 1 of the month, only if that is a Monday"),
        ("0 0 12 1-7 * 1-5", "At 12:00 on days 1 to 7 of the month, only if that is Monday to Friday"),
        ("0 0 9 8-14 * MON,FRI", "At 09:00 on days 8 to 14 of the month, only if that is a Monday or a Friday"),
        ("0 5/15 * * * *", "Every 15 minutes from minute 5 of every hour"),
        ("0 */0 * * * *", "Every minute"),
        ("0 */90 * * * *", "Every hour"),
        ("0 0 3 * J M", "At 03:00, Monday, in January"),
        ("0 0 0 30 2 *", "Never: no day 30 in February"),
    ],
)
def test_it_says_what_ncrontab_reads_and_not_what_cron_would(expression, english):
    assert describe(Expression(expression)) == english


@pytest.mark.parametrize("expression", ["0 */7 * * * *", "0 */45 * * * *"])
def test_an_uneven_step_is_not_described_as_every_so_many_minutes(expression):
    assert describe(expression).startswith("At minutes 0, ") or describe(expression).startswith("At minutes 0 and ")


def test_a_text_that_is_no_expression_is_refused():
    with pytest.raises(InvalidExpression):
        describe("@daily")
