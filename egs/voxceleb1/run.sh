#!/usr/bin/env bash
# VoxCeleb1: interviews of 1,251 speakers; trained on 1,211 of them, tested by the list VoxCeleb1-O.
#
#   bash egs/voxceleb1/run.sh --root DIR --model revoice
#
# DIR holds the parts vox1_dev_wav and vox1_test_wav, vox1_meta.csv and veri_test2.txt.
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=voxceleb1
kind=speech
options=(
  root=       # the corpus
  lists_root= # the folder of veri_test2.txt and vox1_meta.csv; default: they lie in the corpus
)
. "$here/../options.sh"

protocol=all-pairs

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR; robots.ox.ac.uk/~vgg/data/voxceleb says how to get it"
  speechdis prepare voxceleb1 --root "$root" --out "$data" --seed 0 ${lists_root:+"--lists=$lists_root"}
fi

. "$here/../static_dynamic.sh"
