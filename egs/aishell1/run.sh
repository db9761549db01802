#!/usr/bin/env bash
# AISHELL-1: voices and words apart on read Mandarin, on its own split (openslr.org/33).
#
#   bash egs/aishell1/run.sh --root DIR --model revoice
#
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=aishell1
kind=speech
options=(
  root= # the folder that holds data_aishell
)
. "$here/../options.sh"

protocol=all-pairs

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR; it is free at openslr.org/33"
  speechdis prepare aishell1 --root "$root" --out "$data" --seed 0
fi

. "$here/../static_dynamic.sh"
