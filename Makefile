# Everything a newcomer types. Each target installs what it needs; see docs/development.md.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin

.NOTPARALLEL:
.PHONY: setup setup-dev machine run test check soak bench format messages screenshots clean

setup: .venv/.installed ats/locale/de/LC_MESSAGES/django.mo

setup-dev: setup .venv/.installed-dev

# As root this installs the system packages that tests need; otherwise it names them.
machine:
	@sh tests/machine.sh $(PYTHON)

run: setup
	@$(BIN)/python -m ats.serve --port $(PORT)

test: machine setup-dev
	@$(BIN)/python -m tests

check: machine setup-dev
	@$(BIN)/python -m tests.check

soak: machine setup-dev
	@$(BIN)/python -m tests --soak

# An hour on two cores. BENCH="--sizes 1000 --only pages" measures a part of it.
bench: machine setup-dev
	@$(BIN)/python -m tests.bench $(BENCH)

format: setup-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	git ls-files 'templates/*.html' | xargs $(BIN)/djade

# Needs gettext; only who changes a text needs it.
messages: setup-dev
	$(BIN)/python -m tests.messages

screenshots: machine setup-dev
	$(BIN)/python -m tests.screenshots

clean:
	rm -rf .venv ats/locale/*/LC_MESSAGES/*.mo staticfiles

.venv/.installed: requirements.txt
	@sh ats/needs.sh $(PYTHON)
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

ats/locale/de/LC_MESSAGES/django.mo: ats/locale/de/LC_MESSAGES/django.po .venv/.installed
	@$(BIN)/pybabel --quiet compile --domain django --directory ats/locale
