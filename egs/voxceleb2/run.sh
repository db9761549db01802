#!/usr/bin/env bash
# VoxCeleb2: interviews of 6,112 speakers; trained on most of them, tested on the rest and by the lists of VoxCeleb1.
#
#   bash egs/voxceleb2/run.sh --root DIR --test-root DIR --model revoice
#
# DIR holds the parts dev/aac and test/aac, or vox2_dev_aac and vox2_test_aac, and vox2_meta.csv.
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap, the report, VoxCeleb1.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=voxceleb2
kind=speech
options=(
  root=         # the corpus
  test_clips=40 # of a test speaker, of all videos in turn
  test_root=    # VoxCeleb1 with its trial lists, to score O, E and H
)
. "$here/../options.sh"

protocol=all-pairs
across_sessions=true

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR; robots.ox.ac.uk/~vgg/data/voxceleb says how to get it"
  speechdis prepare voxceleb2 --root "$root" --out "$data" --seed 0 --test-clips "$test_clips"
  [ -z "$test_root" ] ||
    speechdis prepare voxceleb1 --root "$test_root" --out "$data-voxceleb1" --test-only
fi

. "$here/../static_dynamic.sh"

if [ -n "$test_root" ] && stage 5 "the lists of VoxCeleb1"; then
  speechdis features --data "$data-voxceleb1/test" --out "$feats-voxceleb1" --feature-type "$feature_type" --jobs "$jobs"
  speechdis embed --checkpoint "$exp/best" --features "$feats-voxceleb1" --out "$exp/voxceleb1" --device "$device"
  for list in "$data-voxceleb1/test/trials_"*; do
    speechdis eer --trials "$list" --embeddings "$exp/voxceleb1/static.scp" \
      --utt2spk "$data-voxceleb1/test/utt2spk" --plot "$exp/det-voxceleb1-${list##*_}.png"
  done
fi
