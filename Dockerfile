# The function app as a container: Premium, Dedicated or Container Apps. docs/design.md tells how it starts.
#
#     docker build --build-arg RELEASE=$(git rev-parse --short HEAD) -t nightshift .
ARG BASE_IMAGE=mcr.microsoft.com/azure-functions/python:4-python3.13
FROM ${BASE_IMAGE}

# Our packages take the first place on the path, before the worker's own: also for `python manage.py` in a shell.
ENV AzureWebJobsScriptRoot=/home/site/wwwroot \
    AzureFunctionsJobHost__Logging__Console__IsEnabled=true \
    PYTHONPATH=/home/site/wwwroot/.python_packages/lib/site-packages

WORKDIR /home/site/wwwroot
COPY requirements.txt ./
RUN python3.13 -m pip install --no-cache-dir --no-compile --disable-pip-version-check --root-user-action=ignore \
        --require-hashes --target .python_packages/lib/site-packages -r requirements.txt
COPY . .

# Without byte code a start takes three times as long. Its form counts whatever the files' dates become; a file without
# it fails the build.
RUN python3.13 -m compileall -q -j 0 --invalidation-mode unchecked-hash . \
    && python3.13 -c "import pathlib, sys; from importlib.util import cache_from_source; \
sys.exit([str(file) for file in pathlib.Path().rglob('*.py') if not pathlib.Path(cache_from_source(file)).exists()] or 0)"

# Values for this one step: no key and no address stays in the image.
RUN export SECRET_KEY=for-the-build-only-and-as-long-and-as-varied-as-a-real-one-0123456789 \
        DATABASE_URL=postgresql://nobody@localhost/nothing ALLOWED_HOSTS=localhost \
    && python3.13 manage.py check --deploy --fail-level WARNING \
    && python3.13 manage.py collectstatic --no-input --verbosity 0

# What runs and attempts tell as their release.
ARG RELEASE=""
ENV JOBS_RELEASE=${RELEASE}

ENTRYPOINT ["/home/site/wwwroot/container/start.sh"]
