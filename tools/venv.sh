#!/bin/sh
# Make the virtual environment FOLDER from the lock file LOCK; do nothing while it holds what the lock says.
#
#     tools/venv.sh FOLDER LOCK
set -eu

folder=$1
lock=$2

# The stamp is a copy of the lock, written last: an interrupted build has none. A lock's date says nothing, since every
# checkout sets it.
stamp=$folder/lock
# A link leads to an environment that another checkout made, and that it keeps up to date.
if [ -L "$folder" ]; then
    exit 0
fi
if cmp -s "$lock" "$stamp" && "$folder/bin/python" -c '' 2>/dev/null; then
    exit 0
fi

python=$("$(dirname "$0")/python.sh")
echo "Making $folder from $lock with $python; this takes a minute …" >&2
if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    "$python" -m venv --clear "$folder"
elif command -v uv >/dev/null 2>&1; then
    uv venv --quiet --seed --clear --python "$python" "$folder"
else
    echo "$python comes without venv and ensurepip, as Debian's does: apt-get install python3.13-venv, or install uv." >&2
    exit 1
fi
"$folder/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$lock"
cp "$lock" "$stamp"
