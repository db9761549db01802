#!/usr/bin/env bash
# Stochastic moving MNIST: two written digits that bounce, 15 frames of 64 x 64 (Denton & Fergus 2018).
#
#   bash egs/moving-mnist/run.sh --root DIR                                    # C-DSVAE as published: on a GPU
#   bash egs/moving-mnist/run.sh --root DIR --config cdsvae/moving-mnist-cpu   # the chain, small, on a CPU
#
# Stages: 0 data, 3 training, 4 embeddings and a judge's table, 5 a report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=moving-mnist
kind=moving-mnist
options=(
  root=      # MNIST's four IDX files
  train=9000 # training sequences
  judge_steps=5000 # training of the judge
)
. "$here/../options.sh"

feats=$work/feats/$corpus

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass MNIST's four IDX files as --root DIR"
  speechdis prepare moving-mnist --root "$root" --out "$feats" --train "$train" --seed "$seed"
fi

. "$here/../videos.sh"
