#!/usr/bin/env bash
# Runs vidcurate on this machine, from any folder: launchers/local.sh +experiment=curate source.path=videos out=dataset
#
# Takes $PYTHON if it is set, else the checkout's .venv, else python3. Threads that wait sleep instead of spinning, which
# keeps k-means fast where the cores are shared.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
python="${PYTHON:-$root/.venv/bin/python}"
[ -x "$python" ] || python=python3
export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
exec "$python" -m vidcurate "$@"
