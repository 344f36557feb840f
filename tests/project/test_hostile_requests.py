"""Whatever a signed-in client sends is answered: never by a 500."""

import json
from urllib.parse import quote

import azure.functions as func
import hypothesis
import pytest
import schemathesis
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, given

from jobs.azure import http
from jobs.models import Run
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db
# Through WSGI a request gives its connection back at its end, also one with a test's transaction.
served = pytest.mark.django_db(transaction=True)
VALUES = [
    *("%00", "a%00b", "%FF%FE", "%ED%A0%80", "%F0%9F%8C%99", "%25s", "'\"%3B--", "<x>", "", "null", "[]", "%5B%5D=1"),
    *("-1", "0", "1.5", "1e400", "NaN", "0x10", "9" * 19, "9" * 400, "9" * 5000, "a" * 5000),
    *("2026-13-45", "9999999-01-01", "0000-00-00T00:00", "cD1hYmM=", "cD0lMDA=", quote("p=1&o=99999999999", safe="")),
]
LISTS = {
    "/api/v1/jobs/": ["page", "page_size", "format"],
    "/api/v1/runs/": ["job", "status", "cursor", "page_size", "format"],
    "/api/v1/runs/1/output/": ["attempt"],
    "/api/v1/schema/": ["lang"],
    "/api/rates/": ["currency", "date", "from", "to", "top", "page", "page_size"],
}


@pytest.fixture
def staff(admin_client, declared):
    """A member of staff with all rights, whose client is given 500s as they are."""
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    an_attempt(a_run(pk=1, status="failed", error="no"))
    admin_client.raise_request_exception = False
    return admin_client


def faults(client, urls):
    """Those that are answered by a 500."""
    return [url[:200] for url in urls if client.get(url).status_code >= 500]


@pytest.mark.parametrize("path", LISTS)
def test_no_value_of_a_filter_of_the_api_is_a_fault(staff, path):
    assert faults(staff, [f"{path}?{name}={value}" for name in LISTS[path] for value in VALUES]) == []


# Each is answered by a page of some size: fewer are tried here.
FEW = ["%00", "%FF", "9" * 19, "9" * 5000, "-1", "2026-13-45", "x'"]
OURS = [model for model in admin.site._registry if model._meta.app_label == Run._meta.app_label]


def parameters(model):
    """All by which a list of the admin can be searched, filtered and sorted, and some that nobody offers."""
    yield from ("q", "o", "p", "_to_field", "job", "id", "pk__in", "no_such_field")
    kept = admin.site._registry[model]
    if kept.date_hierarchy:
        yield from (f"{kept.date_hierarchy}__{part}" for part in ("year", "day", "gte"))
    yield from (f"{name}__exact" for name in kept.list_filter if isinstance(name, str))


@pytest.mark.parametrize("model", [*OURS, Group], ids=lambda model: model._meta.label)
def test_no_value_in_the_url_of_an_admin_list_is_a_fault(staff, model):
    path = f"/manage/{model._meta.app_label}/{model._meta.model_name}/"
    assert faults(staff, [f"{path}?{name}={value}" for name in parameters(model) for value in FEW]) == []
    assert faults(staff, [f"{path}{value}/{page}/" for value in FEW for page in ("change", "history")]) == []


@pytest.mark.parametrize("value", VALUES)
def test_no_value_in_a_path_of_the_api_is_a_fault(staff, value):
    paths = ["/api/v1/jobs/{}/", "/api/v1/runs/{}/", "/api/v1/runs/{}/output/", "/sign-in/{}/", "/{}", "/api/{}"]
    assert faults(staff, [path.format(value) for path in paths]) == []


@pytest.mark.parametrize("value", ["\0", "9" * 5000, "🌙"])
def test_no_choice_of_rows_in_the_admin_is_a_fault(staff, value):
    for model in [*OURS, Group]:
        path = f"/manage/{model._meta.app_label}/{model._meta.model_name}/"
        for action in ("run_now", "delete_selected", value):
            assert staff.post(path, {"action": action, "_selected_action": value}).status_code < 500, (path, action)


# Against what the API says of itself


@served
def test_what_the_api_describes_it_answers(staff):
    description = schemathesis.openapi.from_dict(json.loads(staff.get("/api/v1/schema/?format=json").content))
    description.app = get_wsgi_application()
    cookies = {settings.SESSION_COOKIE_NAME: staff.cookies["sessionid"].value}
    for found in description.get_all_operations():
        operation = found.ok()
        if operation.path == "/api/ready":
            continue  # it says by a 503 that the app isn't ready

        @given(case=operation.as_strategy())
        @hypothesis.settings(max_examples=20, suppress_health_check=list(HealthCheck), database=None)
        def answers(case):
            response = case.call(cookies=cookies)
            case.validate_response(response, checks=[schemathesis.checks.not_a_server_error])

        answers()


# Through Azure's library


def answer(url="http://localhost/api/health", body=b"", method="GET", **headers):
    """What the catch-all function answers."""
    named = {name.replace("__", "-"): value for name, value in headers.items()}
    request = func.HttpRequest(method=method, url=url, headers={"host": "localhost"} | named, body=body)
    return http.middleware().handle(http.sound(request), None)


@served
@pytest.mark.parametrize(
    "host",
    ["localhost:99999", "localhost:x", "[::1", "localhost:-1", "a b", "%00", "x" * 5000, "localhost:" + "9" * 5000],
)
def test_no_host_header_is_a_fault_and_the_probe_is_answered_by_any(host):
    assert answer(f"http://{host}/api/health", host=host).status_code == 200
    assert answer(f"http://{host}/manage/login/", host=host).status_code == 400


@served
@pytest.mark.parametrize("port", ["99999", "9" * 5000, "x", "80, 443", ""])
def test_no_forwarded_port_is_a_fault(port):
    assert answer(x__forwarded__port=port).status_code == 200


@served
@pytest.mark.parametrize(
    ("headers", "is_secure"),
    [
        ({"x__forwarded__proto": "https"}, True),
        ({"x__forwarded__proto": "http"}, False),
        ({"x__forwarded__proto": "http, https"}, True),
        ({"x__forwarded__proto": "https, http"}, False),
        ({"x__forwarded__proto": "http", "x_forwarded_proto": "https"}, False),
        ({"x__forwarded__proto": "http", "X_Forwarded__Proto": "https"}, False),
        ({"x_forwarded_proto": "https"}, False),
    ],
)
def test_whether_a_request_came_by_tls_is_what_the_last_hop_says(settings, headers, is_secure):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    http.middleware.cache_clear()
    try:
        found = answer("http://localhost/manage/login/", **headers)
    finally:
        http.middleware.cache_clear()
    assert found.status_code == (200 if is_secure else 301), found.get_body()


def test_an_address_that_a_client_claims_is_left_out():
    request = func.HttpRequest(
        method="GET",
        url="http://localhost/",
        headers={"X-Forwarded-For": "10.0.0.1, 203.0.113.7:4711", "X_Forwarded_For": "10.0.0.1"},
        body=b"",
    )
    assert dict(http.sound(request).headers) == {"x-forwarded-for": "203.0.113.7:4711"}


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("x" * 300, ""),
        ("", ""),
    ],
)
def test_the_clients_address_is_what_the_last_hop_says_without_its_port(forwarded, address):
    assert http.client_of(forwarded) == address
