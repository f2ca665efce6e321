# The front door. `python3 dev.py` does the same where there is no make.
PYTHON ?= python3

.PHONY: serve test check record conformance compat bench

serve:
	$(PYTHON) dev.py serve

test:
	$(PYTHON) dev.py test

check:
	$(PYTHON) dev.py check

record:
	$(PYTHON) dev.py record

conformance:
	$(PYTHON) dev.py conformance

compat:
	$(PYTHON) dev.py compat

bench:
	.venv/bin/python -m bench
