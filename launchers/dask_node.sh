#!/usr/bin/env bash
# The Dask workers of one machine: launchers/dask_node.sh FILE.json|tcp://HOST:8786 [options of `dask worker`]
#
# One for each core; or, where nvidia-smi shows GPUs, one for each of those by `dask cuda worker` (not yet run on a GPU by
# us). WORKERS=4 says another number, DEVICE=cpu leaves GPUs alone. They end when the scheduler does. $PYTHON is taken as
# by local.sh.
set -euo pipefail
[ $# -gt 0 ] || { echo "dask_node.sh: give a scheduler file (*.json) or the address of a scheduler" >&2; exit 2; }
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
python="${PYTHON:-$root/.venv/bin/python}"
[ -x "$python" ] || python=python3
place="$1"
shift

scheduler=("$place")
if [ "${place%.json}" != "$place" ]; then
  for _ in $(seq 300); do  # the scheduler may start at the same time
    [ -s "$place" ] && break
    sleep 1
  done
  [ -s "$place" ] || { echo "dask_node.sh: $place: no scheduler has written it in 300 s" >&2; exit 1; }
  scheduler=(--scheduler-file "$place")
fi

export OMP_WAIT_POLICY="${OMP_WAIT_POLICY:-passive}"
export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False DASK_DISTRIBUTED__LOGGING__DISTRIBUTED=warning
common=(--nthreads 1 --death-timeout 300 "$@")
if [ "${DEVICE:-}" != cpu ] && nvidia-smi -L 2>/dev/null | grep -q GPU; then
  exec "$python" -m dask_cuda.cli worker "${scheduler[@]}" "${common[@]}"
fi
exec "$python" -m distributed.cli.dask_worker "${scheduler[@]}" --nworkers "${WORKERS:-$(nproc)}" --no-dashboard "${common[@]}"
