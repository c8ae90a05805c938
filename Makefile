SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
PO := src/encore/locale/zh_Hans/LC_MESSAGES/django.po
# Checks neither look at the data of whoever works here nor leave any behind.
APART := env -u ENCORE_DATABASE ENCORE_HOME=.venv/home
MO := src/encore/locale/zh_Hant/LC_MESSAGES/django.mo

.PHONY: help setup run test quick check bench demo fix lock messages reference
.PHONY: check-ruff check-types check-imports check-migrations check-messages check-reference

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed $(MO) ## the locked packages, the command .venv/bin/encore, the translations

run: setup ## serve on this machine, with demonstration data if there is none yet
	@$(BIN)/encore migrate
	@$(BIN)/encore demo --if-empty
	@$(BIN)/encore serve

test: setup ## all tests, on SQLite and on PostgreSQL
	@$(BIN)/python tools/test.py

quick: setup check-ruff check-types ## under a minute, before each commit: style, types, the touched tests
	@touched=$$($(BIN)/python tools/touched.py); if [ -n "$$touched" ]; then \
		$(BIN)/python -m pytest -q -m "not browser and not crash" tests/test_house.py $$touched; \
	else echo "No tests touched."; fi

check: setup check-ruff check-types check-imports check-migrations check-messages check-reference ## everything but the tests

check-ruff:
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

check-types:
	@$(APART) $(BIN)/mypy

check-imports:
	@$(BIN)/lint-imports --no-logo

check-migrations:
	@$(APART) $(BIN)/python manage.py makemigrations --check --dry-run

check-messages:
	@$(BIN)/python tools/messages.py check

check-reference:
	@$(BIN)/python tools/reference.py --check

bench: setup ## how fast the judge is, as a multiple of reading its input
	@$(BIN)/python -m bench.judge

demo: setup ## fill the database with demonstration data
	@$(BIN)/encore migrate
	@$(BIN)/encore demo

fix: setup ## let ruff mend what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

messages: setup ## collect what is to be translated, keep what is
	@$(BIN)/python tools/messages.py extract

reference: setup ## write what is generated in docs/
	@$(BIN)/python tools/reference.py

lock: setup ## renew requirements/*.txt from pyproject.toml
	@tools/lock.sh

.venv/.installed: pyproject.toml requirements/dev.txt requirements/installer.txt tools/install.sh
	@tools/install.sh
	@touch $@

$(MO): .venv/.installed $(PO) src/encore/locale/zh_Hant.toml src/encore/web/traditional.py tools/messages.py
	@$(BIN)/python tools/messages.py compile
