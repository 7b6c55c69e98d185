# Aliases, for those who type make by habit; everything is in ./lessor, because make is often missing.

# Where uv is, for the targets that need it: the lock is its work.
UV ?= uv
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

.PHONY: run test lint lock bootstrap ci

run:
	./lessor demo

test:
	./lessor test

lint:
	./lessor test --lint

ci:
	bash .ci/run

# `make lock` keeps the versions where it can; `make lock UPGRADE=--upgrade` takes the newest.
lock:
	$(COMPILE) -o requirements.lock pyproject.toml
	$(COMPILE) -o requirements-dev.lock -c requirements.lock --group pyproject.toml:dev pyproject.toml
	$(COMPILE) -o requirements-build.lock -c requirements-dev.lock --group pyproject.toml:build
	! grep -n '://' requirements.lock requirements-dev.lock requirements-build.lock

bootstrap:
	mkdir -p var/bootstrap
	.venv/bin/python bootstrap/pip-*.whl/pip download --quiet --no-deps --dest var/bootstrap pip
	rm -f bootstrap/pip-*.whl
	mv var/bootstrap/pip-*.whl bootstrap
	cd bootstrap && sha256sum pip-*.whl > SHA256SUMS
