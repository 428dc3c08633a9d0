# 山水 Shanshui: `make help` lists the commands. Needs Python >= 3.11 with venv, and no root.
# Everything stays in this folder: uv in .uv (where the machine has none), the environment in .venv.

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench docs bundle lock clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(or $(shell uv --version >/dev/null 2>&1 && command -v uv),.uv/bin/uv)
READY_RUN := $(VENV)/.ready-run
READY_DEV := $(VENV)/.ready-dev
READY := $(or $(wildcard $(READY_DEV)),$(READY_RUN))

export UV_PYTHON_DOWNLOADS := never
export UV_VENV_CLEAR := 1
# Trust what the system trusts, as pip does: inside many networks a proxy signs the traffic.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS := true
endif
unexport VIRTUAL_ENV

help: ## 列出命令 / list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(READY_DEV) ## 建立含全部依赖的 .venv / make .venv with everything

demo: $(READY) ## 用真实数据跑一遍，生成报告 / run the main job on real data, write the report
	$(BIN)/shanshui demo $(ARGS)

test: $(READY_DEV) ## 运行全部测试 / run the whole suite (ARGS="-k aqi" for a part)
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

check: $(READY_DEV) ## 代码规范与类型检查 / lint, format, strict types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

bench: $(READY_DEV) ## 性能对比 / measure against a bare scan, pandas and the per-value packages
	$(BIN)/python benchmarks/run.py $(ARGS)

docs: $(READY_DEV) ## 生成文档网站到 site/ / build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict $(ARGS)

bundle: $(READY) ## 制作离线安装包到 dist/ / make an archive that installs with no internet, into dist/
	$(BIN)/python tools/bundle.py $(ARGS)

lock: .uv/bin/uv ## 更新依赖锁定文件 / renew the locks in requirements/
	export UV_CUSTOM_COMPILE_COMMAND="make lock" && \
	compile=".uv/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url" && \
	$$compile --all-extras --group dev pyproject.toml -o requirements/dev.txt && \
	$$compile --extra analysis --extra pandas --extra plan --extra platform --extra postgres --group build -c requirements/dev.txt pyproject.toml -o requirements/run.txt && \
	echo "uv>=0.9" | $$compile - -o requirements/uv.txt

clean: ## 删除环境、缓存和生成的文件 / remove the environment, caches and what was made
	rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist site
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.uv/bin/uv: requirements/uv.txt
	$(PYTHON) -m venv --clear .uv
	.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(BIN)/python: | $(UV)
	$(UV) venv --quiet --python '>=3.11' $(VENV)

# The same versions in both: run.txt is a part of dev.txt.
$(READY_RUN): requirements/run.txt pyproject.toml | $(BIN)/python
	$(UV) pip install --python $(VENV) --require-hashes -r $<
	$(UV) pip install --quiet --python $(VENV) --no-deps --no-build-isolation -e .
	@touch $@

$(READY_DEV): requirements/dev.txt pyproject.toml | $(BIN)/python
	$(UV) pip sync --python $(VENV) --require-hashes $<
	$(UV) pip install --quiet --python $(VENV) --no-deps --no-build-isolation -e .
	@touch $(READY_RUN) $@
