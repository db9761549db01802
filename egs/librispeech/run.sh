#!/usr/bin/env bash
# LibriSpeech: voices and words apart, on its own speaker-disjoint subsets (openslr.org/12), or Mini LibriSpeech (31).
#
#   bash egs/librispeech/run.sh --root DIR --model revoice
#   bash egs/librispeech/run.sh --root DIR --train train-clean-360 --model dsvae
#
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=librispeech
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
  [ -n "$root" ] || fail "pass the corpus as --root DIR; it is free at openslr.org/12"
  speechdis prepare librispeech --root "$root" --out "$data" --seed 0 \
    ${train:+"--train=$train"} ${dev:+"--dev=$dev"} ${test:+"--test=$test"}
fi

. "$here/../static_dynamic.sh"
