#!/bin/sh
# Ask PyPI's advisories about what LOCK pins. Ends with 1 where one is known; says so and ends with 0 where nobody answers.
#
#     tools/audit.sh LOCK
set -eu

# A network that swallows what it is sent holds nobody up for long. Where there is no `timeout`, pip's own bounds hold.
seconds=${AUDIT_SECONDS:-90}
if [ -z "${AUDIT_IS_BOUND:-}" ] && command -v timeout >/dev/null; then
    status=0
    AUDIT_IS_BOUND=1 timeout "$seconds" "$0" "$@" || status=$?
    if [ "$status" -eq 124 ]; then
        echo "Not audited: it took more than $seconds seconds. AUDIT_SECONDS gives it more."
        exit 0
    fi
    exit "$status"
fi
export PIP_DEFAULT_TIMEOUT=5 PIP_RETRIES=1

lock=$1
folder=.local/audit-venv
found=.local/audit.json
mkdir -p .local

# Not among the locked requirements: it should be newer than they are.
if ! "$folder/bin/pip-audit" --version >/dev/null 2>&1; then
    rm -rf "$folder"
    if ! { "$("$(dirname "$0")/python.sh")" -m venv "$folder" || uv venv --quiet --seed "$folder"; } 2>.local/audit.log ||
        ! "$folder/bin/python" -m pip install -qq --disable-pip-version-check pip-audit 2>.local/audit.log; then
        echo "Not audited: pip-audit can't be installed here ($(tail -n 1 .local/audit.log))."
        exit 0
    fi
fi

ask() {
    rm -f "$found"
    "$folder/bin/pip-audit" --requirement "$1" --require-hashes --disable-pip --progress-spinner off \
        --timeout 5 --format json --output "$found" >.local/audit.log 2>&1
}

# A mirror of PyPI may pass no advisories on, and then everything looks sound: idna 3.6 has a known one.
echo "idna==3.6 --hash=sha256:c05567e9c24a6b9faaa835c4821bad0590fbb9d5779e7caa6e1cc4878e7eb24f" >.local/audit-canary.txt
if ask .local/audit-canary.txt; then
    echo "Not audited: the package index that answers here passes no advisories on."
    exit 0
elif [ ! -s "$found" ]; then
    echo "Not audited: the service can't be reached ($(tail -n 1 .local/audit.log))."
    exit 0
fi

if ask "$lock"; then
    echo "No known vulnerability in what $lock pins."
elif [ ! -s "$found" ]; then
    echo "Not audited: the service can't be reached ($(tail -n 1 .local/audit.log))."
else
    "$folder/bin/python" - "$found" <<'PYTHON'
import json, sys

for package in json.load(open(sys.argv[1]))["dependencies"]:
    for flaw in package.get("vulns", []):
        fixed = ", ".join(flaw["fix_versions"]) or "no release"
        print(f"{package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}")
PYTHON
    exit 1
fi
