"""The host's own routes, over a real socket."""

import pytest

from tests.localhost.hosts import KEY, LocalHost, write_app

APP = """
@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
def nightly(timer: func.TimerRequest) -> None:
    print("nightly was told", timer.past_due, timer.schedule_status["Next"][11:])

@app.timer_trigger(arg_name="timer", schedule="0 0 4 * * *")
def off(timer: func.TimerRequest) -> None:
    print("off runs")

@app.queue_trigger(arg_name="message", queue_name="jobs-runs", connection="AzureWebJobsStorage")
def execute_run(message: func.QueueMessage) -> None:
    print("execute_run was told", message.get_body(), message.dequeue_count)

@app.route(route="{*route}", auth_level=ANONYMOUS)
def http(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("the app")
"""


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    folder = write_app(tmp_path_factory.mktemp("admin"), APP)
    host = LocalHost(folder, **{"AzureWebJobs.off.Disabled": "1"})
    yield host
    host.stop()


@pytest.mark.parametrize(
    "headers", [{}, {"x_functions_key": "wrong"}, {"x_functions_key": "ключ".encode().decode("latin-1")}]
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/admin/functions/nightly"),
        ("GET", "/admin/functions"),
        ("GET", "/admin/functions/nightly"),
        ("GET", "/admin/functions/nightly/status"),
        ("GET", "/admin/host/status"),
        ("GET", "/admin/anything"),
        ("GET", "/Admin/functions"),
        ("GET", "/runtime/webhooks/queue"),
    ],
)
def test_without_the_master_key_nothing_is_reported(host, method, path, headers):
    answer = host.request(method, path, b"{}", **headers)
    assert (answer.status, answer.body) == (401, b"Send the master key in the header x-functions-key.\n")


def test_anybody_may_ping(host):
    answer = host.request("GET", "/admin/host/ping")
    assert (answer.status, answer.body) == (200, b"")


def test_a_manual_call_is_accepted_without_a_word(host):
    answer = host.request("POST", "/admin/functions/nightly", b'{"input": "dropped"}', x_functions_key=KEY)
    assert (answer.status, answer.body) == (202, b"")
    assert host.wait_for("nightly was told")[-1] == "nightly was told False 03:00:00+00:00"
    # Another function's print may stand on the same line.
    assert "Z nightly manual " in " ".join(host.wait_for("  nightly   ")[-1].split())


def test_the_key_may_come_in_the_address(host):
    assert host.request("GET", f"/admin/host/status?code={KEY}").status == 200


def test_names_are_looked_up_in_any_case(host):
    assert host.request("POST", "/admin/functions/Nightly", b"{}", x_functions_key=KEY).status == 202


def test_a_disabled_function_still_runs_by_hand(host):
    assert host.request("GET", "/admin/functions/off", x_functions_key=KEY).json["isDisabled"] is True
    assert host.request("POST", "/admin/functions/off", b"{}", x_functions_key=KEY).status == 202
    host.wait_for("off runs")


def test_a_queue_function_is_given_the_input(host):
    answer = host.request("POST", "/admin/functions/execute_run", b'{"input": "42"}', x_functions_key=KEY)
    assert answer.status == 202
    assert host.wait_for("execute_run was told")[-1] == "execute_run was told b'42' 1"


@pytest.mark.parametrize("body", [b"", b"null", b"no json", b"[]", b"\xff", b"[" * 50_000, b'{"a":' * 50_000])
def test_a_call_needs_a_json_body(host, body):
    answer = host.request("POST", "/admin/functions/nightly", body, x_functions_key=KEY)
    assert (answer.status, answer.body) == (400, b'Send a JSON body: {} or {"input": "..."}.\n')


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/admin/functions/nothing"), ("GET", "/admin/functions/nothing/status")]
)
def test_an_unknown_function_is_not_found(host, method, path):
    answer = host.request(method, path, b"{}", x_functions_key=KEY)
    assert (answer.status, answer.body.decode()) == (
        404,
        f"There is no such function. GET {host.url}/admin/functions\n",
    )


def test_the_functions_are_listed_with_their_bindings(host):
    listed = host.request("GET", "/admin/functions", x_functions_key=KEY).json
    assert [function["name"] for function in listed] == ["nightly", "off", "execute_run", "http"]
    assert listed[0] == {
        "name": "nightly",
        "href": f"{host.url}/admin/functions/nightly",
        "invoke_url_template": None,
        "language": "python",
        "config": {
            "name": "nightly",
            "bindings": [{"direction": "IN", "type": "timerTrigger", "name": "timer", "schedule": "0 0 3 * * *"}],
        },
        "isDisabled": False,
    }


def test_the_host_reports_its_state(host):
    status = host.request("GET", "/admin/host/status", x_functions_key=KEY).json
    assert status.pop("processUptime") >= 0
    assert status == {"id": "localhost", "state": "Running", "version": "Nightshift's local host"}
    assert host.request("GET", "/admin/functions/nightly/status", x_functions_key=KEY).json == {}


@pytest.mark.parametrize("path", ["/admin", "/admin/", "/runtime/x", "/ADMIN/x", "/%61dmin/x"])
def test_the_app_never_gets_the_hosts_routes(host, path):
    answer = host.request("GET", path, x_functions_key=KEY)
    assert (answer.status, answer.body) == (
        404,
        b"The local host doesn't have this route, and it never reaches the app.\n",
    )


def test_a_route_that_only_looks_like_the_hosts_is_the_apps(host):
    assert host.request("GET", "/administration").body == b"the app"
