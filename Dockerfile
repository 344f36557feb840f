# The function app as a container: Premium, Dedicated or Container Apps. docs/how-to/image.md says what is inside.
#
#     docker build --build-arg RELEASE=$(git rev-parse --short HEAD) -t nightshift .
ARG BASE_IMAGE=mcr.microsoft.com/azure-functions/python:4-python3.13
FROM ${BASE_IMAGE}

# Our packages take the first place on the path, before the worker's own: also for `python manage.py` in a shell.
# On SIGTERM a host that drains stops its listeners and leaves the worker alone. One that doesn't kills the worker, and
# with it runs that container/init.py has just given time to end.
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING=true \
    PYTHONPATH=/home/site/wwwroot/.python_packages/lib/site-packages

WORKDIR /home/site/wwwroot

# Without byte code a start takes two to four times as long. Its form counts whatever the files' dates become. That of the
# packages is made here, in their layer: what a deployment then sends to the registry is the app alone.
COPY requirements.txt ./
RUN python3.13 -m pip install --no-cache-dir --no-compile --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --target .python_packages/lib/site-packages -r requirements.txt \
    && python3.13 -m compileall -q -j 0 --invalidation-mode unchecked-hash .python_packages

COPY . .
# A file without byte code, ours or a package's, fails the build.
RUN python3.13 -m compileall -q -j 0 --invalidation-mode unchecked-hash -x '^\./\.python_packages/' . \
    && python3.13 -c "import pathlib, sys; from importlib.util import cache_from_source; \
sys.exit('\n'.join(f'{file} has no byte code.' for file in pathlib.Path().rglob('*.py') \
if not pathlib.Path(cache_from_source(file)).exists()) or 0)"

# Values for this one step: no key and no address stays in the image.
RUN export SECRET_KEY=for-the-build-only-and-as-long-and-as-varied-as-a-real-one-0123456789 \
        DATABASE_URL=postgresql://nobody@localhost/nothing ALLOWED_HOSTS=localhost \
    && python3.13 manage.py check --build \
    && python3.13 manage.py collectstatic --no-input --verbosity 0

# RELEASE is the release that runs and attempts record.
ARG RELEASE=""
ARG SOURCE=""
ENV JOBS_RELEASE=${RELEASE}
LABEL org.opencontainers.image.title="nightshift" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${RELEASE}"

# The init starts the host by start.sh. What the base image would start is left out, and what the platform gives as a
# startup command goes to the host.
ENTRYPOINT ["python3.13", "-IS", "/home/site/wwwroot/container/init.py", "/home/site/wwwroot/container/start.sh"]
CMD []
