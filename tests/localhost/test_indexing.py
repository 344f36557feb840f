"""What Azure would refuse, the local host refuses: the library in its own words, then what only the host notices."""

import pytest

from tests.localhost.hosts import refusal, start

TIMER = '@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")\n'


def test_two_functions_of_one_name(tmp_path):
    source = TIMER + "def nightly(timer: func.TimerRequest) -> None: ...\n" + TIMER.replace("3", "4")
    source += "def nightly(timer: func.TimerRequest) -> None: ...\n"
    assert refusal(tmp_path, source) == (
        "CommandError: ValueError: Function nightly does not have a unique function name. "
        "Please change @app.function_name() or the function method name to be unique."
    )


def test_an_argument_that_no_binding_has(tmp_path):
    assert refusal(tmp_path, TIMER + "def nightly(clock: func.TimerRequest) -> None: ...") == (
        "CommandError: FunctionLoadError: cannot load the nightly function: the following parameters are declared in "
        "Python but not in the function definition (function.json or function decorators):  {'clock'}"
    )


def test_a_further_parameter_even_with_a_default(tmp_path):
    assert refusal(tmp_path, TIMER + "def nightly(timer: func.TimerRequest, days: int = 3) -> None: ...") == (
        "CommandError: FunctionLoadError: cannot load the nightly function: the following parameters are declared in "
        "Python but not in the function definition (function.json or function decorators):  {'days'}"
    )


def test_a_wrong_annotation(tmp_path):
    assert refusal(tmp_path, TIMER + "def nightly(timer: func.HttpRequest) -> None: ...") == (
        "CommandError: FunctionLoadError: cannot load the nightly function: binding type \"'timer'\" and dataType "
        '"timerTrigger" in the binding decorator do not match the corresponding function parameter\'s Python type '
        "annotation HttpRequest"
    )


def test_a_function_without_a_trigger(tmp_path):
    assert refusal(tmp_path, '@app.function_name("nightly")\ndef nightly() -> None: ...') == (
        "CommandError: ValueError: Function nightly does not have a trigger. A valid function must have one and only "
        "one trigger registered."
    )


def test_an_unknown_retry_strategy(tmp_path):
    source = '@app.retry(strategy="sometimes", max_retry_count="3", delay_interval="00:00:01")\n' + TIMER
    assert refusal(tmp_path, source + "def nightly(timer: func.TimerRequest) -> None: ...") == (
        "CommandError: UnknownRetryStrategy: The retry strategy 'sometimes' is unknown to the host. "
        "Write fixed_delay or exponential_backoff."
    )


def test_an_app_that_cannot_be_imported(tmp_path):
    assert refusal(tmp_path, "1 / 0") == "CommandError: ZeroDivisionError: division by zero"


def test_an_app_without_functions(tmp_path):
    assert refusal(tmp_path, "") == f"CommandError: There is no function in {tmp_path / 'function_app.py'}."


def test_a_folder_without_an_app(tmp_path):
    with start(tmp_path) as process:
        _, error = process.communicate(timeout=30)
    said = f"CommandError: There is no function in {tmp_path / 'function_app.py'}.\n"
    assert (process.returncode, error) == (1, said)


def test_a_schedule_that_only_the_host_reads(tmp_path):
    source = TIMER.replace("0 0 3 * * *", "0 0 3 * * 7") + "def nightly(timer: func.TimerRequest) -> None: ..."
    assert refusal(tmp_path, source) == (
        "CommandError: The schedule of function 'nightly' can't be read: "
        "The day of week '7' is outside 0 to 6. For Sunday write 0."
    )


def test_a_setting_that_does_not_exist(tmp_path):
    source = TIMER.replace("0 0 3 * * *", "%NIGHTLY%") + "def nightly(timer: func.TimerRequest) -> None: ..."
    assert refusal(tmp_path, source) == (
        "CommandError: Function 'nightly' has '%NIGHTLY%', but NIGHTLY is not set. "
        "Set the environment variable NIGHTLY."
    )


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ('@app.route(route="hello")\ndef hello(req: func.HttpRequest) -> str: ...', "the route 'hello' and "),
        (
            '@app.blob_trigger(arg_name="blob", path="in", connection="S")\ndef hello(blob: func.InputStream): ...',
            "a blobTrigger. ",
        ),
    ],
)
def test_a_function_that_needs_the_real_host(tmp_path, source, what):
    said = refusal(tmp_path, source)
    assert said.startswith(f"CommandError: Function 'hello' has {what}")
    assert said.endswith(
        "The local host knows timers, queues, and one anonymous HTTP function with the route {*route}; "
        "for anything else use Azure's own tool, `func start`."
    )
