#!/usr/bin/env python3
"""Make a stand-in for Microsoft's base image where that can't be pulled, from what this machine has.

    tools/image_base.py PYTHON | podman import - localhost/nightshift-base

Writes a tar archive: the machine's own Debian packages (no more than a shell, Python and pip need), and the PYTHON
(3.13) given, at the place where Microsoft's image has it. Nothing is downloaded. It holds no Functions host.
"""

import io
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

PACKAGES = (
    *("base-files", "bash", "ca-certificates", "coreutils", "dash", "findutils", "grep", "libc-bin", "sed", "tar"),
    # What Python's own modules link to.
    *("libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libncursesw6", "libreadline8", "libsqlite3-0"),
    *("libssl3", "libuuid1", "zlib1g"),
)
LEFT_OUT = re.compile(r"/usr/share/(doc|info|lintian|locale|man)/|/perl")
FOLDERS = {"dev": 0o755, "etc": 0o755, "home": 0o755, "proc": 0o755, "root": 0o700, "run": 0o755, "sys": 0o755}
FOLDERS |= {"tmp": 0o1777, "var": 0o755, "var/tmp": 0o1777}
FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}


def main(python: str) -> None:
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        for name, mode in FOLDERS.items():
            archive.addfile(_entry(name, tarfile.DIRTYPE, mode))
        for name in ("bin", "lib", "lib64", "sbin"):
            archive.addfile(_link(name, f"usr/{name}"))
        for name, text in FILES.items():
            _write(archive, name, text.encode())
        for path in debian_files():
            archive.add(path, path.lstrip("/"), recursive=False)
        # Where the machine's way to the internet has a certificate of its own, the build's pip needs it too.
        _write(archive, "etc/ssl/certs/ca-certificates.crt", Path("/etc/ssl/certs/ca-certificates.crt").read_bytes())
        add_python(archive, python)


def debian_files() -> Iterator[str]:
    """The files of the packages and of all they depend on, each once, by their real paths (/bin is /usr/bin)."""
    listed = subprocess.run(["dpkg", "-L", *closure()], capture_output=True, text=True, check=True).stdout.splitlines()
    seen = {f"/{name}" for name in FOLDERS} | {"/", "/."}
    for line in listed:
        if not line.startswith("/"):
            continue
        path = os.path.join(os.path.realpath(os.path.dirname(line)), os.path.basename(line))
        if path in seen or LEFT_OUT.search(path) or os.path.dirname(path) == "/" or not os.path.lexists(path):
            continue
        seen.add(path)
        yield path


def closure() -> list[str]:
    """The packages with all they depend on, as dpkg knows them."""
    answer = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package}\t${Pre-Depends}, ${Depends}\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    depends = {}
    for line in answer.stdout.splitlines():
        name, _, needs = line.partition("\t")
        depends[name] = re.findall(r"(?:^|[,|])\s*([a-z0-9][a-z0-9+.-]*)", needs)
    found: set[str] = set()
    todo = list(PACKAGES)
    while todo:
        name = todo.pop()
        if name in depends and name not in found:
            found.add(name)
            todo += depends[name]
    # They install packages, and aren't needed to run what is installed.
    return sorted(found - {"debconf", "dpkg", "perl-base", "openssl"})


def add_python(archive: tarfile.TarFile, python: str) -> None:
    """The interpreter under /opt/python/VERSION, linked to from /usr/bin and /usr/lib, with pip and nothing else."""
    facts = "import platform, sys; print(sys.base_prefix, platform.python_version())"
    prefix, version = subprocess.run([python, "-c", facts], capture_output=True, text=True, check=True).stdout.split()
    home = f"opt/python/{version}"
    library = f"{home}/lib/python3.13"
    left_out = (f"{library}/site-packages", f"{library}/test", f"{home}/share", f"{home}/include")

    def chosen(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if entry.name in left_out or entry.name.endswith(".a") else entry

    archive.add(prefix, home, filter=chosen)
    for file in (Path(prefix) / "bin").iterdir():
        archive.addfile(_link(f"usr/bin/{file.name}", f"/{home}/bin/{file.name}"))
    for file in (Path(prefix) / "lib").glob("libpython3.13.so*"):
        archive.addfile(_link(f"usr/lib/{file.name}", f"/{home}/lib/{file.name}"))
    (wheel,) = (Path(prefix) / "lib/python3.13/ensurepip/_bundled").glob("pip-*.whl")
    with zipfile.ZipFile(wheel) as pip:
        for name in pip.namelist():
            _write(archive, f"{library}/site-packages/{name}", pip.read(name))


def _entry(name: str, kind: bytes, mode: int = 0o644) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


def _link(name: str, target: str) -> tarfile.TarInfo:
    entry = _entry(name, tarfile.SYMTYPE, 0o777)
    entry.linkname = target
    return entry


def _write(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = _entry(name, tarfile.REGTYPE)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    main(sys.argv[1])
