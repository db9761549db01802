#!/usr/bin/env bash
# LibriTTS or LibriTTS-R: voices and words apart, on their own speaker-disjoint subsets (openslr.org/60, 141).
#
#   bash egs/libritts/run.sh --root DIR --model revoice
#
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=libritts
kind=speech
options=(
  root=  # the folder that holds train-clean-100 and so on
  train= # subset to train on; default: every train-*
  dev=   # subset to choose on; default: dev-clean
  test=  # subset to measure on; default: test-clean
)
. "$here/../options.sh"

protocol=all-pairs

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR; it is free at openslr.org/60 and 141"
  speechdis prepare libritts --root "$root" --out "$data" --seed 0 \
    ${train:+"--train=$train"} ${dev:+"--dev=$dev"} ${test:+"--test=$test"}
fi

. "$here/../static_dynamic.sh"
