from datetime import timedelta

import pytest

from jobs.declarations.host_json import HostJson, UnreadableHostJson


@pytest.fixture
def read(tmp_path):
    """What is read from a folder with this host.json."""

    def read_text(text):
        (tmp_path / "host.json").write_text(text)
        return HostJson.of(tmp_path)

    return read_text


def test_without_the_file_the_hosts_own_defaults_hold(tmp_path, read):
    assert HostJson.of(tmp_path) == read("{}") == HostJson()
    assert (HostJson().batch_size, HostJson().max_dequeue_count, HostJson().route_prefix) == (16, 5, "api")


def test_the_queues_section_says_how_many(read):
    found = read('{"extensions": {"queues": {"batchSize": 4, "maxDequeueCount": 2}}}')
    assert (found.batch_size, found.max_dequeue_count) == (4, 2)
    assert found.new_batch_threshold == 2, "half a batch, unless newBatchThreshold says otherwise"
    found = read('{"extensions": {"queues": {"batchSize": 4, "newBatchThreshold": 0}}}')
    assert found.new_batch_threshold == 0


@pytest.mark.parametrize(
    ("text", "timeout"),
    [
        ('"-1"', None),
        ("-1", None),
        ('"00:10:00"', timedelta(minutes=10)),
        ('"1.02:00:30"', timedelta(days=1, hours=2, seconds=30)),
    ],
)
def test_the_timeout_is_a_time_span_or_unbounded(read, text, timeout):
    assert read(f'{{"functionTimeout": {text}}}').function_timeout == timeout


def test_the_apps_settings_overrule_the_file(read, monkeypatch):
    monkeypatch.setenv("AzureFunctionsJobHost__extensions__http__routePrefix", "")
    monkeypatch.setenv("AzureFunctionsJobHost__extensions__queues__batchSize", "9")
    monkeypatch.setenv("AzureFunctionsJobHost__functionTimeout", "02:00:00")
    found = read('{"functionTimeout": "-1", "extensions": {"queues": {"batchSize": 4}}}')
    assert (found.route_prefix, found.batch_size, found.function_timeout) == ("", 9, timedelta(hours=2))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "host.json is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        ("[]", "host.json is not a JSON object."),
        (
            '{"functionTimeout": "24:00:00"}',
            "host.json has functionTimeout '24:00:00', which is neither -1 nor like 01:30:00.",
        ),
        (
            '{"extensions": {"queues": {"batchSize": "many"}}}',
            "host.json has extensions.queues.batchSize 'many', which is not a whole number. Write one.",
        ),
        (
            '{"extensions": {"queues": {"batchSize": []}}}',
            "host.json has extensions.queues.batchSize [], which is not a whole number. Write one.",
        ),
    ],
)
def test_what_cant_be_read_is_reported(read, text, sentence):
    with pytest.raises(UnreadableHostJson) as caught:
        read(text)
    assert str(caught.value) == sentence
