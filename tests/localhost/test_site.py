"""HTTP, over a real socket, through the worker library and back."""

import pytest

from tests.localhost.hosts import LocalHost, write_app

APP = """
import json
from http.cookies import SimpleCookie

@app.route(route="{*route}", methods=list(func.HttpMethod), auth_level=ANONYMOUS)
def http(req: func.HttpRequest) -> func.HttpResponse:
    match req.route_params.get("route"):
        case "tell":
            told = {"method": req.method, "url": req.url, "headers": dict(req.headers), "query": dict(req.params)}
            return func.HttpResponse(json.dumps(told), mimetype="application/json")
        case "echo":
            return func.HttpResponse(req.get_body(), mimetype="application/octet-stream")
        case "cookies":
            response = func.HttpResponse("crumbs")
            response.headers.add("Set-Cookie", "sessionid=abc; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax")
            response.headers.add("Set-Cookie", "messages=W1x:1abc:_sig; Path=/; Secure")
            response.headers.add("Set-Cookie", "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/")
            return response
        case "empty":
            return func.HttpResponse(status_code=204)
        case "raise":
            raise ValueError("the view failed")
        case status if status and status.isdigit():
            return func.HttpResponse(f"It is {status}.", status_code=int(status), headers={"X-Kept": "yes"})
    return func.HttpResponse("the front page, " + repr(dict(req.route_params)))
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    host = LocalHost(write_app(tmp_path_factory.mktemp("site"), APP))
    yield host
    host.stop()


def test_a_request_arrives_as_the_host_hands_it_on(host):
    answer = host.request("GET", "/tell?x=1&x=2&empty=&y=%C3%A9", Host="jobs.example.com", X_Forwarded_Proto="https")
    told = answer.json
    assert told["method"] == "GET"
    assert told["url"] == "http://jobs.example.com/tell?x=1&x=2&empty=&y=%C3%A9"
    assert told["query"] == {"x": "1,2", "y": "é"}
    assert told["headers"]["host"] == "jobs.example.com"


def test_the_front_end_s_headers_cannot_be_forged(host):
    answer = host.request("GET", "/tell", X_Forwarded_Proto="https", X_Forwarded_For="6.6.6.6")
    headers = answer.json["headers"]
    assert headers["x-forwarded-proto"] == "http"
    claimed, _, seen = headers["x-forwarded-for"].partition(", ")
    assert (claimed, seen.split(":")[0]) == ("6.6.6.6", "127.0.0.1")


def test_the_root_has_no_route(host):
    assert host.request("GET", "/").body == b"the front page, {}"


def test_every_byte_of_a_body_comes_back(host):
    body = bytes(range(256)) * 1000
    answer = host.request("POST", "/echo", body)
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_body_without_a_length_is_refused_loudly(host):
    answer = host.request("POST", "/echo", iter([b"some", b"thing"]))
    assert (answer.status, answer.body) == (
        411,
        b"The Functions host drops a body without a Content-Length. Send the length instead of chunks.\n",
    )


@pytest.mark.parametrize("status", [201, 302, 400, 404, 500, 503])
def test_any_status_passes_with_its_body(host, status):
    answer = host.request("GET", f"/{status}")
    assert (answer.status, answer.body, answer.headers["x-kept"]) == (status, f"It is {status}.".encode(), "yes")


def test_a_view_that_raises_is_an_empty_500(host):
    answer = host.request("GET", "/raise")
    assert (answer.status, answer.body) == (500, b"")
    host.wait_for("failed: ValueError: the view failed")


def test_each_cookie_has_its_header_and_its_value_is_escaped(host):
    assert host.request("GET", "/cookies").headers.get_all("Set-Cookie") == [
        "sessionid=abc; max-age=1209600; path=/; samesite=lax; httponly",
        "messages=W1x%3A1abc%3A_sig; path=/; secure",
        "gone=; expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=0; path=/",
    ]


def test_head_has_the_headers_and_no_body(host):
    answer = host.request("HEAD", "/503")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (503, b"", "10")


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "PATCH", "DELETE"])
def test_other_methods_arrive(host, method):
    assert host.request(method, "/tell").json["method"] == method


def test_no_content_stays_without_content(host):
    answer = host.request("GET", "/empty")
    assert (answer.status, answer.body, answer.headers["content-length"]) == (204, b"", None)


def test_each_request_is_reported_in_one_line(host):
    host.request("GET", "/201?once=1")
    line = host.wait_for("201 /201")[-1]
    assert line.split()[1:3] == ["http", "GET"]


def test_an_app_without_a_catch_all_has_no_site(serve):
    host = serve('@app.timer_trigger("timer", schedule="0 0 3 * * *")\ndef nightly(timer: func.TimerRequest): ...')
    answer = host.request("GET", "/")
    assert (answer.status, answer.body) == (404, b"No function takes this route.\n")
