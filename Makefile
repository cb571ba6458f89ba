# Every target makes .venv by itself, from the hash-locked requirements.
.PHONY: demo test check soak bench lock clean
PYTHON ?= python3
BIN := .venv/bin
# LightGBM's threads must not spin while they wait, or two processes on two cores crawl.
export OMP_WAIT_POLICY ?= PASSIVE

demo: .venv/demo.stamp
	$(BIN)/icsml demo

test: .venv/dev.stamp
	$(BIN)/pytest -n 2 --dist loadfile

check: .venv/dev.stamp
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

# Break a running service again and again: killed, locked, without a disk or a database.
soak: .venv/dev.stamp
	ICSML_SOAK_ROUNDS=$(or $(ROUNDS),20) $(BIN)/pytest -n 0 tests/serving/test_serving_faults.py

bench: .venv/dev.stamp
	$(BIN)/python benchmarks/run.py

lock: .venv/dev.stamp
	scripts/lock

clean:
	rm -rf .venv var

.venv/%.stamp: requirements/%.txt pyproject.toml scripts/install
	PYTHON=$(PYTHON) scripts/install $*
	touch $@
