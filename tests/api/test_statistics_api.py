from tests.helpers.days import count_ends
from tests.helpers.rows import NOON, a_run

RANGE = "from=2026-03-14&to=2026-03-15"


def test_a_jobs_statistics_are_those_of_a_range_of_days(get, declared):
    declared("nightly")
    a_run(finished_at=NOON)
    a_run(status="failed", finished_at=NOON)
    count_ends()
    found = get(f"/api/v1/jobs/nightly/statistics/?{RANGE}")
    assert (found["job"], found["from"], found["to"]) == ("nightly", "2026-03-14", "2026-03-15")
    assert (found["runs"], found["success_share"], found["duration_max"]) == (2, 0.5, 90.0)
    assert [day["day"] for day in found["days"]] == ["2026-03-14"]
    assert get(f"/api/v1/jobs/nightly/statistics/?{RANGE}&trigger=api")["runs"] == 0


def test_what_cant_be_asked_is_refused_in_a_sentence(get, declared):
    declared("nightly")
    refused = {
        "from=yesterday": {"from": ["from is 'yesterday'. Write a date such as 2026-01-31."]},
        "to=2026-02-30": {"to": ["to is '2026-02-30'. Write a date such as 2026-01-31."]},
        "trigger=cron": {
            "trigger": ["trigger is 'cron'. Write one of: schedule, catch_up, manual, api, chain, repair."],
        },
        "from=2026-03-15&to=2026-03-14": {
            "from": [
                "From 2026-03-15 to 2026-03-14 is not a range of days. Write two dates, the later one second, "
                "at most 731 days."
            ]
        },
    }
    for query, errors in refused.items():
        assert get(f"/api/v1/jobs/nightly/statistics/?{query}", 400)["errors"] == errors
    assert "No job is declared as 'nightli'" in get("/api/v1/jobs/nightli/statistics/", 404)["detail"]
