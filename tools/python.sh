#!/bin/sh
# Print the path of a real Python 3.13, or say in one sentence what to install.
#
# Under pyenv a `python3.13` on the path may be a shim that answers only while its version is selected: each candidate
# is asked who it is, and pyenv's versions are looked at directly.
set -u

# The interpreter behind a candidate: not the one of a virtual environment, which may be about to be created again.
real() {
    "$1" -c 'import sys; assert sys.version_info[:2] == (3, 13); print(sys._base_executable)' 2>/dev/null
}

for candidate in \
    "${PYTHON:-}" python3.13 python3 python \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.13*/bin/python3.13 \
    "$HOME"/.local/share/uv/python/cpython-3.13*/bin/python3.13 \
    /usr/local/bin/python3.13 /opt/homebrew/bin/python3.13 /opt/python/3.13*/bin/python3.13; do
    if [ -n "$candidate" ] && real "$candidate"; then
        exit 0
    fi
done

if command -v uv >/dev/null 2>&1; then
    echo "No Python 3.13 is here; uv fetches one …" >&2
    if uv python install 3.13 >&2 && real "$(uv python find --managed-python 3.13)"; then
        exit 0
    fi
fi

echo "No Python 3.13 is on the path, under pyenv or with uv: install one (pyenv install 3.13, or uv python install 3.13), or name one: make PYTHON=/path/to/python3.13" >&2
exit 1
