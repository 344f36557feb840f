"""What `doctor` says of the machine's huge pages."""

import pytest

from jobs.execution.isolation import memory


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ("[always] madvise never\n", "huge pages are 'always'"),
        ("always [madvise] never\n", "huge pages are 'madvise'"),
        ("always madvise [never]\n", "huge pages are 'never'"),
        ("something else\n", ""),
        (None, ""),
    ],
)
def test_it_says_whether_the_kernel_gives_huge_pages(monkeypatch, tmp_path, switch, said):
    monkeypatch.setattr(memory, "SWITCH", tmp_path / "enabled")
    if switch is not None:
        memory.SWITCH.write_text(switch)
    assert memory.huge_pages().partition(":")[0] == said
