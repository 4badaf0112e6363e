#!/bin/sh
# Installs the locked tree into a virtual environment, once. Writes nothing outside the project.
set -eu
venv=$1

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))'
python=
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c "$fits" 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "setup: no Python from 3.11 to 3.13 on this machine (python3 is: $(python3 --version 2>&1 || echo none)). Install one, or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "setup: $python has no venv. Install it (on Debian and Ubuntu: apt-get install python3-venv) and call make again." >&2
    exit 1
fi

# pip asks rustc for its version, and where that is rustup it would write into the home folder.
export RUSTUP_HOME="${RUSTUP_HOME:-$(pwd)/$venv/rustup}"

echo "setup: $("$python" --version) into $venv (once; about a minute)"
rm -f "$venv/.ready"
[ -x "$venv/bin/python" ] && "$venv/bin/python" -c "$fits" 2>/dev/null || "$python" -m venv --clear "$venv"

# setuptools warns of every editable installation.
export PYTHONWARNINGS="ignore:Editable installation"

# The lock is the whole tree, so nothing is resolved: --no-deps. The build backend is in it too.
if command -v uv >/dev/null 2>&1; then
    VIRTUAL_ENV=$(pwd)/$venv uv pip install --quiet --no-cache --no-deps --require-hashes --compile-bytecode -r requirements.lock
    VIRTUAL_ENV=$(pwd)/$venv uv pip install --quiet --no-cache --no-deps --no-build-isolation -e .
else
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --require-hashes -r requirements.lock
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps --no-build-isolation -e .
fi
"$venv/bin/python" -m compileall -q ingestion expectations orchestration
# Dagster's definitions need dbt's manifest; parsed here, the first run need not wait for it.
"$venv/bin/python" -m orchestration.dbt_manifest
touch "$venv/.ready"
