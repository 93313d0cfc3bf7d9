# One command per job; each sets up what it needs in .venv first.
#   make demo    make the example's media and render it to demo.mp4
#   make cluster-demo   the same on a Dask scheduler and two workers, started and stopped here
#   make test    run the test suite
#   make lint    ruff and mypy
#   make bench   speed and memory against ffmpeg's own command line; MOVIEPY=python that has MoviePy
#   make gallery the pictures of docs/gallery.md
#   make clean   remove what the above made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml CMakeLists.txt README.md $(shell find src -type f -not -name '*.pyc')

.PHONY: demo cluster-demo test lint bench gallery clean

demo: $(VENV)/.product
	$(BIN)/python examples/make_media.py demo_media
	$(BIN)/edl2ffmpeg examples/demo.json demo.mp4 --overwrite

cluster-demo: $(VENV)/.cluster
	$(BIN)/python examples/make_media.py demo_media
	$(BIN)/python examples/cluster_demo.py examples/demo.json cluster-demo.mp4

test: $(VENV)/.test
	$(BIN)/python -m pytest -n $${WORKERS:-auto}

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini tests bench/*.py examples/*.py docs/*.py

bench: $(VENV)/.product
	$(BIN)/python bench/run.py $(if $(MOVIEPY),--moviepy $(MOVIEPY))
	$(BIN)/python bench/compositing.py $(if $(MOVIEPY),--moviepy $(MOVIEPY))
	$(BIN)/python bench/sound.py

gallery: $(VENV)/.product
	$(BIN)/python docs/make_gallery.py

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "edl2ffmpeg needs Python 3.11 or newer: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	@touch $@

$(VENV)/.product: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet .
	@touch $@

$(VENV)/.cluster: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet '.[cluster]'
	@touch $@ $(VENV)/.product

$(VENV)/.test: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet '.[test]'
	@touch $@ $(VENV)/.product

$(VENV)/.dev: $(VENV)/.created $(SOURCES)
	$(BIN)/python -m pip install --quiet '.[dev]'
	@touch $@ $(VENV)/.test $(VENV)/.product

clean:
	rm -rf $(VENV) build dist demo.mp4 cluster-demo.mp4 demo_media bench/results
