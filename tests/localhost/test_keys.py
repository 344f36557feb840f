import stat

from jobs.localhost.keys import master_key, opens


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.delenv("FUNCTIONS_MASTER_KEY", raising=False)
    folder = tmp_path / "state"
    key = master_key(folder)
    assert len(key) > 40
    assert master_key(folder) == key
    assert stat.S_IMODE((folder / "master.key").stat().st_mode) == 0o600


def test_a_given_key_is_written_nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCTIONS_MASTER_KEY", "given")
    assert master_key(tmp_path) == "given"
    assert not list(tmp_path.iterdir())


def test_no_key_opens_nothing():
    assert not opens("secret", {}, "")
    assert not opens("secret", {"x-functions-key": ""}, "code=")
    assert opens("secret", {"x-functions-key": "secret"}, "")
    assert opens("secret", {}, "code=secret")
