# Every target sets up what it needs: `make test` works on a fresh machine with Python 3.11 or newer.
PYTHON ?= python3
VENV ?= .venv
WORK ?= work

# Laws: what holds of the parts. The rest of tests/ runs whole commands, or several processes.
LAWS = $(addprefix tests/, augment contract metrics models nn test_layers.py) \
  $(addprefix --ignore=tests/, contract/test_corpora.py nn/test_parallel.py)
PYTEST = $(VENV)/bin/python -m pytest --numprocesses auto --maxprocesses 8 --dist loadfile

.PHONY: demo check test lint bench results docs clean
.DELETE_ON_ERROR:

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --upgrade pip
	$(VENV)/bin/python -m pip install --quiet --editable '.[dev]'
	$(VENV)/bin/python -m pip install --quiet --no-deps resemblyzer
	touch $@

demo: $(VENV)/.installed ## a generated corpus, a trained Revoice, its EER table, a page with sound
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" bash egs/timit/run.sh --generated --model revoice \
	  --config recipes/revoice/demo.yaml --phone-steps 300 --work $(WORK)/demo

check: lint ## within a minute: style, types, and the laws that the parts obey
	$(PYTEST) $(LAWS)

test: $(VENV)/.installed ## all tests; those on real speech skip where there is none
	$(PYTEST)

lint: $(VENV)/.installed ## style and types
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy

bench: $(VENV)/.installed ## speed against the peers, as ratios in one run, in BENCHMARKS.md
	$(VENV)/bin/python tools/bench/write.py

docs: $(VENV)/.installed $(WORK)/first_steps.ipynb ## the site, in work/docs; a dead link is an error
	$(VENV)/bin/python -m pip install --quiet --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --quiet --strict --config-file docs/mkdocs.yml \
	  --site-dir $(CURDIR)/$(WORK)/docs

$(WORK)/first_steps.ipynb: examples/first_steps.ipynb $(VENV)/.installed
	mkdir -p $(WORK)
	PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $(VENV)/bin/jupyter execute $< --output=$(CURDIR)/$@

clean: ## everything that can be made again
	rm -rf $(VENV) $(WORK) .mypy_cache .ruff_cache .pytest_cache
