#!/usr/bin/env bash
# What docs/pages/large-corpora.md promises of a GPU: 1,000 hours from pools beside 10 hours resident, as two Markdown
# tables. It takes some minutes, 12 GB of GPU memory and 8 GB of disk. Wanted: "peak device MB" under 8,000, "peak
# private MB" under 4,000, "segments/s" within 10 % of those of 10 hours, "gathering, % of a step" under 5.
#
#     bash tools/bench/thousand_hours.sh    # more arguments are those of pools.py
set -euo pipefail
here=$(dirname "$0")
export TQDM_DISABLE=1
common=(--device cuda --hours 10 1000 --resident 10 --written 15 --pool-gb 6 --steps 6000 --rounds 2)

python "$here/pools.py" "${common[@]}" --json thousand-hours.json "$@"
python "$here/pools.py" "${common[@]}" --twins --precision bfloat16 --json thousand-hours-twins.json "$@"
