#!/usr/bin/env bash
# Sprites: characters of a video game in nine actions, 8 frames of 64 x 64 (Li & Mandt 2018).
#
#   bash egs/sprites/run.sh --root DIR                               # C-DSVAE as published: on a GPU
#   bash egs/sprites/run.sh --root DIR --config cdsvae/sprites-cpu   # the chain, small, on a CPU
#
# Stages: 0 data, 3 training, 4 embeddings and a judge's table, 5 a report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=sprites
kind=sprites
options=(
  root=  # the sheets: folders body, bottomwear, topwear, hair and shoes
  dev=50 # of the 1,000 training characters, held for dev
  judge_steps=1000 # training of the judge
)
. "$here/../options.sh"

feats=$work/feats/$corpus

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the sheets as --root DIR: the Liberated Pixel Cup's, as Li & Mandt collected them"
  speechdis prepare sprites --root "$root" --out "$feats" --dev "$dev" --seed "$seed"
fi

. "$here/../videos.sh"
