#!/usr/bin/env bash
# The C-DSVAE paper's Table 1: every model with its recipe for Sprites, three seeds each. For a GPU.
#
#   bash egs/sprites/table.sh --root DIR

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
bash "$here/run.sh" --stop-stage 0 "$@" # the same sequences for every seed
for model in dsvae rwae s3vae cdsvae mocogan; do
  for seed in 0 1 2; do
    bash "$here/run.sh" --stage 3 --model "$model" --name "$model-$seed" --seed "$seed" "$@"
  done
done
