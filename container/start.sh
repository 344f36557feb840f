#!/bin/bash
# What the container starts. The base image's own script does the same without `exec`: a signal that `docker stop` sends
# would end the script and never reach the host.
set -eu

# Certificates that App Service mounts for the app.
certificates=/opt/startup/install_ca_certificates.sh
if [ -f "$certificates" ]; then
    # shellcheck source=/dev/null
    . "$certificates"
fi

exec /azure-functions-host/Microsoft.Azure.WebJobs.Script.WebHost "$@"
