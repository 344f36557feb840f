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
        # A failure ends the container with its error: otherwise the host would run an app that refuses all work.
        (
            # Terraform gives an identity of its own for this: it owns the tables, and the app's has no right to change them.
            if [ -n "${JOBS_MIGRATE_URL:-}" ]; then
                export DATABASE_URL="$JOBS_MIGRATE_URL" AZURE_CLIENT_ID="${JOBS_MIGRATE_CLIENT_ID:-}"
            fi
            # An app setting that spoils a declaration stops no container: the log and /api/ready report it.
            python3.13 manage.py migrate --no-input --skip-checks
            if [ -n "${JOBS_GRANT_TO:-}" ]; then
                python3.13 manage.py grant_identity "$JOBS_GRANT_TO" \
                    ${JOBS_GRANT_TO_OBJECT_ID:+--object-id "$JOBS_GRANT_TO_OBJECT_ID"}
            fi
            if [ -n "${JOBS_ADMIN_PASSWORD:-}" ]; then
                python3.13 manage.py first_operator
            fi
        )
        ;;
    0 | false | no | off) ;;
    *)
        echo "JOBS_MIGRATE_AT_START is '$JOBS_MIGRATE_AT_START'. Write 1 or 0." >&2
        exit 1
        ;;
esac

# Runs inherit the host's environment, and need none of these.
unset JOBS_ADMIN_PASSWORD JOBS_MIGRATE_URL JOBS_MIGRATE_CLIENT_ID

exec /azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost "$@"
