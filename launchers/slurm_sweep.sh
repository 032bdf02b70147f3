#!/usr/bin/env bash
# A sweep on SLURM from a frozen copy of code and config, so that edits while its jobs wait or run change nothing:
#
#   launchers/slurm_sweep.sh +experiment=sweep_epsilon out=dataset dedup.eps=0.01,0.02 hydra.launcher.partition=cpu
#
# The copy is outputs/frozen/DATE below the folder in which this is called, or $FROZEN; jobs that are put back into the
# queue use it, too, so keep it until the sweep is done. $PYTHON is taken as by local.sh.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
python="${PYTHON:-$root/.venv/bin/python}"
[ -x "$python" ] || python=python3
frozen="${FROZEN:-$PWD/outputs/frozen/$(date +%Y-%m-%d_%H-%M-%S)-$$}"
mkdir -p "$frozen"
frozen="$(cd "$frozen" && pwd)"
tar -C "$root" --exclude=__pycache__ -cf - vidcurate hydra_plugins conf | tar -C "$frozen" -xf -
git -C "$root" describe --always --dirty >"$frozen/COMMIT" 2>/dev/null || rm -f "$frozen/COMMIT"
export PYTHONSAFEPATH=1  # else the current folder, which may be the checkout, would come first
export PYTHONPATH="$frozen${PYTHONPATH:+:$PYTHONPATH}"
exec "$python" -m vidcurate -m hydra/launcher=slurm "$@"
