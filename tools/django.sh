#!/bin/sh
# Make .local/django-VERSION, a virtual environment where this version of Django comes before all that .venv holds, and
# print its interpreter: tools/django.sh 5.2
set -eu

folder=.local/django-$1
lock=requirements-django-$1.txt
if [ ! -f "$lock" ]; then
    echo "There is no $lock. Known versions: $(ls requirements-django-*.txt | sed 's/[^0-9]*\(.*\)\.txt/\1/' | xargs)." >&2
    exit 1
fi
mkdir -p .local
tools/venv.sh "$folder" "$lock" >&2

packages() {
    "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'
}
# The path of a .pth file is looked at after the environment's own packages.
packages .venv >"$(packages "$folder")/venv.pth"
"$folder/bin/python" -c 'import django, sys; assert django.__version__.startswith(sys.argv[1] + "."), django' "$1"
echo "$folder/bin/python"
