# The only gate is `make check`; .ci/run calls the same.
PYTHON ?= python
WORKERS ?= 2

.PHONY: check format lint types contract docs test test-slow coverage bench model

check: lint types contract test

format:
	$(PYTHON) -m ruff format .
	$(PYTHON) -m ruff check --fix .

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

types:
	$(PYTHON) -m mypy

contract:
	lint-imports

docs:
	$(PYTHON) scripts/document_commands.py

test:
	$(PYTHON) -m pytest -n $(WORKERS) -m "not slow" --cov --cov-report=term --cov-fail-under=90

test-slow:
	$(PYTHON) -m pytest -n $(WORKERS) -m slow

bench:
	$(PYTHON) -m benchmarks --texts "$(TEXTS)" $(if $(ORIGINAL),--original "$(ORIGINAL)") $(if $(QUERIES),--queries "$(QUERIES)") $(if $(REPOS),--repos $(REPOS))

model:
	$(PYTHON) -m venv build/model-venv
	build/model-venv/bin/python -m pip install --quiet -r scripts/requirements-model.txt
	build/model-venv/bin/python scripts/build_model.py
