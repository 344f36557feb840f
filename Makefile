# `make` alone lists the targets. Each target creates .venv first if requirements-dev.txt has changed.

VENV := .venv
BENCH_VENV := .local/bench-venv
COMPARE_VENV := .local/compare-venv
CLIENT_VENV := .local/client-venv
PYTHON_IN_VENV := $(VENV)/bin/python
MANAGE := LOCAL=1 $(PYTHON_IN_VENV) manage.py
COMPILE := pip compile --quiet --python-version 3.13 --universal --generate-hashes --no-emit-index-url --no-header
# What `make bench` compares with, each in an environment of its own.
PEERS := $(basename $(notdir $(wildcard benchmarks/peers/*.in)))
# The settings of a deployment, with values that no server has.
PRODUCTION := LOCAL= SECRET_KEY=not-a-secret-but-as-long-and-as-varied-as-a-real-one-0123456789 \
	ALLOWED_HOSTS=jobs.example.com DATABASE_URL=postgresql://nobody@db.example.com/nightshift
# For `make test-versions`: versions of Django, and the tests of what depends on no project.
DJANGO ?= 5.2 6.0 6.1
CORE ?= $(addprefix tests/,api checks commands declarations execution invariants ledger masking reading schedule \
	test_admin.py test_formats.py test_progress.py)
# More arguments for a target's command: make test ARGS="-k worker -x"
ARGS ?=
# Whether `make run` shows a sample: make run ARGS=--sample
SAMPLE := $(if $(filter --sample,$(ARGS)),1)
# How often `make soak` repeats.
TIMES ?= 100
# For `make chaos` and `make polling`: how many minutes; how many hosts, and the seed (a new one unless set).
MINUTES ?= 20
HOSTS ?= 3
SEED ?=

.DEFAULT_GOAL := help

.PHONY: help
help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

.PHONY: venv
venv:
	@tools/venv.sh $(VENV) requirements-dev.txt

.PHONY: run
run: venv  ## Start the database, the functions and the site on this machine; Ctrl-C stops them; ARGS=--sample: with a month of history
	@$(MANAGE) migrate --verbosity 0
	@$(if $(SAMPLE),SAMPLE=1 $(MANAGE) sample_history)
	@LOCAL=1 SAMPLE=$(SAMPLE) exec $(PYTHON_IN_VENV) manage.py functions $(filter-out --sample,$(ARGS))

.PHONY: test
test: venv  ## Run the tests: make test ARGS="-k worker"
	@LOCAL=1 $(PYTHON_IN_VENV) -m pytest $(ARGS)

.PHONY: test-versions
test-versions: venv  ## Run the core tests on each version of Django, in a project of their own: make test-versions DJANGO=5.2
	@for version in $(DJANGO); do \
		python=$$(tools/django.sh $$version) && echo "── Django $$version" && \
		LOCAL=1 TEST_PROJECT=plain $$python -m pytest $(CORE) $(ARGS) || exit 1; \
	done

# A part of CORE that is done in a minute.
LTS := tests/ledger/test_migrations.py tests/ledger/test_settle.py tests/ledger/test_endings.py \
	tests/ledger/test_interventions.py tests/ledger/test_retention.py tests/test_admin.py

.PHONY: test-lts
test-lts:  ## Run what CI runs on Django's LTS: where the ORM's versions could differ
	@$(MAKE) --no-print-directory test-versions DJANGO=5.2 CORE="$(LTS)"

.PHONY: coverage
coverage: venv  ## Run the tests, measure which lines and branches they reach, and list those they don't: make coverage ARGS=tests/ledger
	@rm -rf .local/coverage && mkdir -p .local/coverage
	@LOCAL=1 $(PYTHON_IN_VENV) -m coverage run -m pytest $(ARGS); status=$$?; \
		$(PYTHON_IN_VENV) -m coverage combine --quiet && $(PYTHON_IN_VENV) -m coverage report; exit $$status

.PHONY: check
check: lint project audit test  ## Do what CI does: format, lint, types, Django's checks, migrations, vulnerabilities, tests

.PHONY: polling
polling: venv  ## Leave two tabs open, and one out of sight, and count what they ask for: make polling MINUTES=60
	@MINUTES=$(MINUTES) LOCAL=1 $(PYTHON_IN_VENV) -m pytest -q -p no:randomly tests/dashboard/browser/polling.py $(ARGS)

.PHONY: terraform-test
terraform-test: venv  ## Test terraform/ and the workflows as far as this machine can, and list what was skipped
	@tools/terraform-test.sh $(PYTHON_IN_VENV)

.PHONY: project
project: venv  ## Run Django's checks, also with a deployment's settings, and look for missing migrations
	$(MANAGE) check
	$(PRODUCTION) $(PYTHON_IN_VENV) manage.py check --build
	$(MANAGE) makemigrations --check --dry-run

.PHONY: lint
lint: venv  ## Check format, lint, types and imports
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/ruff check
	LOCAL=1 $(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports --no-logo

.PHONY: audit
audit:  ## Check the image's packages for known vulnerabilities; says so if the service can't be reached
	@tools/audit.sh requirements.txt

.PHONY: format
format: venv  ## Format the code, and fix what ruff can fix
	$(VENV)/bin/ruff format
	$(VENV)/bin/ruff check --fix

.PHONY: docs
docs: venv  ## Write the pages of the documentation that are generated from the code
	LOCAL=1 DJANGO_SETTINGS_MODULE=mydjango.settings $(PYTHON_IN_VENV) -m tools.reference

.PHONY: screenshots
screenshots: venv  ## Take the documentation's pictures of the sample's month, with Chromium
	LOCAL=1 SAMPLE=1 DJANGO_SETTINGS_MODULE=mydjango.settings $(PYTHON_IN_VENV) -m tools.screenshots

.PHONY: lock
lock:  ## Update the requirements' locks (needs uv): make lock ARGS=--upgrade
	uv $(COMPILE) requirements.in -o requirements.txt $(ARGS)
	uv $(COMPILE) requirements-dev.in -o requirements-dev.txt $(ARGS)
	uv $(COMPILE) requirements-bench.in -o requirements-bench.txt $(ARGS)
	for peer in $(PEERS); do uv $(COMPILE) benchmarks/peers/$$peer.in -o benchmarks/peers/$$peer.txt $(ARGS); done
	uv $(COMPILE) requirements-compare.in -o requirements-compare.txt $(ARGS)
	uv $(COMPILE) requirements-client.in -o requirements-client.txt $(ARGS)
	uv $(COMPILE) requirements-terraform.in -o requirements-terraform.txt $(ARGS)
	for version in $(DJANGO); do \
		echo "django~=$$version.0" | uv $(COMPILE) --no-annotate - -o requirements-django-$$version.txt $(ARGS); \
	done

.PHONY: soak
soak: venv  ## Run the invariants under faults, again and again, each time with examples of its own: make soak TIMES=50
	@JOBS_OUTAGE=3 LOCAL=1 $(PYTHON_IN_VENV) -m pytest -x -m invariant tests/invariants --times $(TIMES) $(ARGS)

# What `make test` tries with fewer examples, or for a shorter time.
THOROUGHLY ?= $(addprefix tests/,api dashboard/browser schedule declarations/parameters invariants)

.PHONY: thorough
thorough: venv  ## Run the invariants and the properties of schedules with all examples, and an outage of 90 s
	@JOBS_THOROUGH=1 JOBS_OUTAGE=90 LOCAL=1 $(PYTHON_IN_VENV) -m pytest $(THOROUGHLY) $(ARGS)

.PHONY: api-test
api-test: venv  ## Ask the running API for whatever it describes, start runs by the hundred: with all examples
	@JOBS_THOROUGH=1 LOCAL=1 $(PYTHON_IN_VENV) -m pytest tests/api $(ARGS)

.PHONY: chaos
chaos: venv  ## Inject random faults into real hosts, and check the ledger: make chaos MINUTES=20 HOSTS=3 SEED=7
	@LOCAL=1 $(PYTHON_IN_VENV) -m tests.chaos --minutes $(MINUTES) --hosts $(HOSTS) $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: projects-test
projects-test: venv  ## Install Nightshift in other Django projects, as a new user would, and wait for the first run
	@LOCAL=1 $(PYTHON_IN_VENV) -m pytest -m projects -rP tests/projects $(ARGS)

.PHONY: client-test
client-test: venv  ## Generate a client of the API from openapi.yml, and use it against the local host
	@mkdir -p .local
	@tools/venv.sh $(CLIENT_VENV) requirements-client.txt
	@LOCAL=1 $(PYTHON_IN_VENV) -m pytest -m client tests/client $(ARGS)

.PHONY: image-test
image-test: venv  ## Build and test the container image (needs Docker, or podman with runc, and Debian)
	@LOCAL=1 $(PYTHON_IN_VENV) -m pytest -m image tests/image $(ARGS)

.PHONY: bench
bench:  ## Measure, and write benchmarks/RESULTS.md: make bench; make bench ARGS="2 10" for these rows; ARGS=all
	@mkdir -p .local/peers
	@for peer in $(PEERS); do tools/venv.sh .local/peers/$$peer benchmarks/peers/$$peer.txt || exit 1; done
	@tools/venv.sh $(BENCH_VENV) requirements-bench.txt
	@LOCAL=1 $(BENCH_VENV)/bin/python -m benchmarks $(ARGS)

.PHONY: compare
compare:  ## Compare commands of other packages with manage.py COMMAND </dev/null: make compare ARGS="clear axes"
	@mkdir -p .local
	@tools/venv.sh $(COMPARE_VENV) requirements-compare.txt
	@$(COMPARE_VENV)/bin/python -m tools.compare $(ARGS)

.PHONY: compare-fields
compare-fields:  ## Read the parameters of every command of other packages, and send each field through its words and a form
	@mkdir -p .local
	@tools/venv.sh $(COMPARE_VENV) requirements-compare.txt
	@$(COMPARE_VENV)/bin/python -m tools.compare.parameters

.PHONY: release-check
release-check: venv  ## Check the version, its section in CHANGELOG.md and the wheel: make release-check TAG=v1.2.3
	@rm -rf dist
	@$(PYTHON_IN_VENV) -m pip wheel --quiet --no-deps --wheel-dir dist .
	@$(PYTHON_IN_VENV) -m tools.release check --wheel dist/*.whl $(if $(TAG),--tag $(TAG))

.PHONY: clean
clean:  ## Remove the virtual environment, the local database and caches
	@if [ -f .local/postgres/postmaster.pid ] && kill -0 "$$(head -n 1 .local/postgres/postmaster.pid)" 2>/dev/null; then \
		echo "The local database is running. Stop \`make run\` and the tests first."; exit 1; \
	fi
	rm -rf $(VENV) .local .import_linter_cache .mypy_cache .pytest_cache .ruff_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
