# Everything runs in .venv, made from the lock file; `make help` lists what there is.
PYTHON ?= python3
CORES ?= all
# Further options of Snakemake, e.g. FLAGS=--printshellcmds for all that it prints about each job.
FLAGS ?=
# As they were given: a dollar sign in the name of a folder is nothing that make expands.
unexport DIR OUT
export IMAGES := $(value DIR)
export FOLDER := $(value OUT)
# One more than there are processors: a test that starts the workflow waits for it much of the time.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
BIN := .venv/bin
PYTEST = $(BIN)/pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=20
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES) $(FLAGS)
# The folder that OUT or DIR names, for the workflow's results; none: this one.
SET_FOLDER = folder="$${FOLDER:-$$IMAGES}"; test ! -f "$$folder" || folder="$$(dirname -- "$$folder")";
IN_FOLDER = $${folder:+--directory="$$folder"}
FORMATS := cleanlab coco fiftyone huggingface label-studio
EXPORTED = $(if $(EXPERIMENT),results/export/$(EXPERIMENT)/$(FORMAT),export_$(subst -,_,$(FORMAT)))

.DEFAULT_GOAL := help
.PHONY: help new suspects plan run report export verify rulegraph test lint test-full test-slurm gpu-check faults lock clean

help:
	@echo "make suspects DIR=photos  list the labels to check among images of your own: a folder, a Parquet table, ..."
	@echo "make new DIR=photos       only look at them, and write a config.yaml to start with (OUT=folder: elsewhere)"
	@echo "make plan       say what config.yaml will take on this machine: time, memory, disk (DIR=photos: in that folder)"
	@echo "make run        install into .venv and run config.yaml (digits, four minutes on 2 cores)"
	@echo "                (FLAGS=--dry-run: what would run; FLAGS=--printshellcmds: all that Snakemake prints)"
	@echo "                and end with one page that shows everything: results/index.html"
	@echo "make report     how each result was made, by Snakemake: results/report.html"
	@echo "make export     hand the results on (FORMAT=$(FORMATS);"
	@echo "                EXPERIMENT=name: of that experiment alone)"
	@echo "                DIR=photos, also for run, report and verify: in that folder"
	@echo "make verify     compare results with the configuration and with their checksums"
	@echo "make rulegraph  draw which rule needs which, with Graphviz: results/rules.png"
	@echo "make test       lint and fast tests (ten minutes or so on 2 cores)"
	@echo "make test-full  all tests"
	@echo "make test-slurm all tests that need SLURM, on a cluster (PARTITION=name)"
	@echo "make gpu-check  every stage that uses a network on a GPU against the CPU, and benchmarks there (under 8 minutes;"
	@echo "                PYTHON=python3: by an interpreter that has torch, without .venv; CHECK='--device cpu': no GPU)"
	@echo "make faults     kill jobs, damage files, fill disks, for each rule; then compare (two hours)"
	@echo "make lock       renew envs/requirements.txt from envs/requirements.in"

new: .venv/installed
	@test -n "$$IMAGES" || { echo "which images? make new DIR=folder" >&2; exit 2; }
	@$(BIN)/python workflow/scripts/new_config.py $${FOLDER:+--out="$$FOLDER"} -- "$$IMAGES"

suspects: .venv/installed
	@test -n "$$IMAGES" || { echo "which images? make suspects DIR=folder" >&2; exit 2; }
	@$(BIN)/python workflow/scripts/new_config.py --if-missing $${FOLDER:+--out="$$FOLDER"} -- "$$IMAGES"
	@$(SET_FOLDER) $(SNAKEMAKE) $(IN_FOLDER) suspects

# The target comes before FLAGS: a --configfile there takes all words that follow it.
plan: .venv/installed
	@$(SET_FOLDER) $(BIN)/snakemake --cores $(CORES) $(IN_FOLDER) plan $(FLAGS)

run: .venv/installed
	@$(SET_FOLDER) $(SNAKEMAKE) $(IN_FOLDER)

report: run
	@$(SET_FOLDER) $(SNAKEMAKE) $(IN_FOLDER) --report results/report.html --report-metadata "$(CURDIR)/workflow/report/landing.yaml"

# The target comes before FLAGS: a --configfile there takes all words that follow it.
export: .venv/installed
	@$(if $(filter $(FORMATS),$(FORMAT)),,echo "FORMAT: expected one of $(FORMATS)" >&2; exit 1)
	@$(SET_FOLDER) $(BIN)/snakemake --cores $(CORES) $(IN_FOLDER) $(EXPORTED) $(FLAGS)

verify: .venv/installed
	@$(SET_FOLDER) $(BIN)/snakemake --cores 1 $(IN_FOLDER) verify

# Without what is implied (a rule needs what the rules need that it needs), and without the one way back: subsets are
# chosen by scores of other experiments.
rulegraph: .venv/installed
	$(BIN)/snakemake --rulegraph \
		| gvpr -c 'E[tail.label == "score_dynamics" && head.label == "link_subset"] {delete(root, $$)}' | tred \
		| dot -Grankdir=LR -Gdpi=70 -Granksep=0.3 -Gnodesep=0.12 -Tpng -o results/rules.png

test: lint
	$(PYTEST) -m "not full and not slurm"

test-full: lint
	$(PYTEST) -m "not slurm"

# The nodes must see the folder of the tests: it lies here, not in /tmp.
test-slurm: .venv/installed
	$(if $(PARTITION),SLURM_TEST_PARTITION=$(PARTITION)) $(BIN)/pytest -q -rs -m slurm --basetemp=.slurm-tests tests/slurm

# By the interpreter that is named, as it is: machines with a GPU often have a torch of their own, and no network.
gpu-check: $(if $(filter file,$(origin PYTHON)),.venv/installed)
	@$(if $(filter file,$(origin PYTHON)),$(BIN)/python,$(PYTHON)) -m benchmarks.gpu_check $(CHECK)

faults: .venv/installed
	$(BIN)/python -m tests.faults

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint
	$(BIN)/snakemake --lint --configfile tests/every_rule.yaml

lock:
	uv pip compile --universal --python-version 3.11 --no-emit-index-url --no-header -q \
		envs/requirements.in -o envs/requirements.txt
	$(BIN)/python envs/write_conda_envs.py
	$(BIN)/python envs/write_containers.py

clean:
	rm -rf results/datasets results/experiments results/agreement results/detection results/generalization results/removal results/vog-toy results/export \
		results/figures results/logs results/benchmarks results/checksums results/plan.csv results/*.parquet results/index.html results/review.html results/atlas results/review results/report.html results/rules.png .snakemake

.venv/installed: envs/requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11) and "Python 3.11 or newer is needed: make run PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check -r envs/requirements.txt
	@touch $@
