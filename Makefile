# Way In. `make run` and `make test` set up all they need; `make help` lists the rest.

PY    = .venv/bin/python
PORT ?= 8000
ARGS ?=
SECONDS ?= 60
VERAPDF ?= ../shared/tools/verapdf/check
export PORT
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" .cache/lock/bin/uv pip compile $(ARGS) --quiet \
          --universal --python-version 3.11 --generate-hashes --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: help run stack storm faults fuzz bench growth lighthouse dev test check check-pdf prepare lock sbom clean set-up-run set-up-test set-up-trials

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

run: prepare ## serve the site on http://127.0.0.1:8000, as production does (PORT=8001 for another port)
	@$(PY) bin/setup port
	@echo "Way In: http://127.0.0.1:$(PORT) (Ctrl-C stops it)"
	@exec $(PY) -m gunicorn --config deploy/gunicorn.conf.py

stack: prepare set-up-test ## the whole of it on this machine: nginx with TLS in front of two replicas
	@exec $(PY) -m trials.stack

storm: prepare set-up-test ## what it does when everyone comes at once: a table, in two minutes (ARGS="--rates 50,100")
	@$(PY) -m trials.storm $(ARGS)

faults: prepare set-up-test ## things broken on purpose, beside a plain Django: a table, in ten minutes (ARGS="bombs markup")
	@$(PY) -m trials.faults $(ARGS)

fuzz: set-up-trials ## what reads files and words of strangers, fuzzed for a minute each (SECONDS=300, ARGS="picture pdf")
	@$(PY) -m trials.fuzz --seconds $(SECONDS) $(ARGS)

bench: prepare set-up-trials ## packets and pages beside their peers: two tables, in five minutes (ARGS="--only packet")
	@$(PY) -m trials.bench $(ARGS)

growth: prepare set-up-test ## what more problems, languages, words and replicas cost: curves, in fifteen minutes (ARGS="languages")
	@$(PY) -m trials.growth $(ARGS)

lighthouse: prepare set-up-test ## what Lighthouse gives each kind of page: a table, in fifteen minutes (ARGS="home verdict")
	@$(PY) -m trials.lighthouse $(ARGS)

dev: set-up-run ## the same with Django's own server: reloads on change, shows errors
	@$(PY) bin/setup port
	@WAYIN_DEBUG=1 exec $(PY) manage.py runserver 127.0.0.1:$(PORT)

test: check ## every check and every test, two at a time (ARGS="-k locked" goes to pytest)
	@$(PY) -m pytest --numprocesses 2 --dist loadfile $(ARGS)

check: set-up-test ## linter, format, types, content and settings
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) manage.py check

check-pdf: set-up-test ## both validators over every packet variant; needs veraPDF (VERAPDF=path/to/check)
	@rm -rf build/packets
	@$(PY) tests/variants.py build/packets
	@$(VERAPDF) 3a build/packets/*.pdf
	@$(VERAPDF) ua1 build/packets/*.pdf

prepare: set-up-run ## packages, content check and static files, for a server that starts gunicorn itself
	@$(PY) manage.py check
	@$(PY) manage.py collectstatic --no-input --verbosity 0
	@$(PY) manage.py proxy_pages build/proxy

lock: ## remake requirements/*.txt, pinned and hashed, without addresses (ARGS=--upgrade for newer ones)
	@python=$$(bin/find-python) && "$$python" -m venv .cache/lock
	@.cache/lock/bin/pip install --quiet --disable-pip-version-check uv
	@$(COMPILE) pyproject.toml --output-file requirements/run.txt
	@$(COMPILE) pyproject.toml --extra test --constraint requirements/run.txt --output-file requirements/test.txt
	@$(COMPILE) pyproject.toml --extra trials --constraint requirements/test.txt --output-file requirements/trials.txt
	@$(COMPILE) requirements/bench.in --constraint requirements/test.txt --output-file requirements/bench.txt

sbom: set-up-trials ## list what the site is made of: build/sbom.json, in CycloneDX
	@$(PY) bin/sbom

clean: ## remove all that was made here
	rm -rf .venv .cache build .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up-run:
	@python=$$(bin/find-python) && "$$python" bin/setup run

set-up-test:
	@python=$$(bin/find-python) && "$$python" bin/setup test

set-up-trials:
	@python=$$(bin/find-python) && "$$python" bin/setup trials
