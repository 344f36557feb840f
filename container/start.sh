#!/bin/bash
# What init.py starts in the container: migrations where they are asked for, then the host in this process's place. The
# base image's own script starts it without `exec`: a signal would end the script and never reach the host.
set -eu
cd "$(dirname "$0")/.."

# Certificates that App Service mounts for the app.
certificates=/opt/startup/install_ca_certificates.sh
if [ -f "$certificates" ]; then
    # shellcheck source=/dev/null
    . "$certificates"
fi

case "${JOBS_MIGRATE_AT_START:-0}" in
    1 | true | yes | on)
        # A failure ends the container with its sentence: the host would serve an app that refuses all work.
        python3.13 manage.py migrate --no-input
        ;;
    0 | false | no | off) ;;
    *)
        echo "JOBS_MIGRATE_AT_START is '$JOBS_MIGRATE_AT_START'. Write 1 or 0." >&2
        exit 1
        ;;
esac

exec /azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost "$@"
