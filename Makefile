SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
PO := src/encore/locale/zh_Hans/LC_MESSAGES/django.po
# Checks neither look at the data of whoever works here nor leave any behind.
APART := env -u ENCORE_DATABASE ENCORE_HOME=.venv/home
MO := src/encore/locale/zh_Hant/LC_MESSAGES/django.mo

.PHONY: help setup run test quick check bench demo fix lock messages reference pictures
.PHONY: check-ruff check-types check-imports check-migrations check-messages check-reference

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed $(MO) ## the locked packages, the command .venv/bin/encore, the translations, the charts
	@$(MAKE) --silent assets/.installed || echo "图表未能生成，页面暂以表格代替；再次运行 make setup 会重试。" \
		"The charts could not be built: pages show their tables instead. make setup tries again." >&2

run: setup ## serve on this machine, with demonstration data if there is none yet
	@$(BIN)/encore migrate
	@$(BIN)/encore demo --if-empty
	@$(BIN)/encore serve

test: setup assets/.installed ## all tests, on SQLite and on PostgreSQL
	@$(BIN)/python tools/test.py

quick: setup check-ruff check-types ## under a minute, before each commit: style, types, the touched tests
	@touched=$$($(BIN)/python tools/touched.py); if [ -n "$$touched" ]; then \
		$(BIN)/python -m pytest -q -m "not browser and not crash and not postgresql" tests/test_house.py $$touched; \
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

bench: setup ## how fast judge, ledger, tick, verification and pages are, beside the least that they could cost
	@$(BIN)/python -m bench.judge
	@$(BIN)/python -m bench.tick
	@$(BIN)/python -m bench.ledger
	@$(BIN)/python -m bench.verify
	@$(BIN)/python -m bench.pages
	@$(BIN)/python -m bench.search

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

pictures: setup ## take the pictures of docs/ again
	@$(BIN)/python tools/pictures.py

lock: setup ## renew requirements/*.txt from pyproject.toml
	@tools/lock.sh

.venv/.installed: pyproject.toml requirements/dev.txt requirements/installer.txt tools/install.sh
	@tools/install.sh
	@touch $@

# What comes from npm: the charts of the pages, and what their tests need.
assets/.installed: assets/package-lock.json assets/charts.js requirements/assets.txt tools/assets.sh
	@tools/assets.sh
	@touch $@

$(MO): .venv/.installed $(PO) src/encore/locale/zh_Hant.toml src/encore/web/traditional.py tools/messages.py
	@$(BIN)/python tools/messages.py compile
