#!/usr/bin/env bash
# VCTK 0.80 or 0.92: voices and words apart, on speakers drawn for dev and test.
#
#   bash egs/vctk/run.sh --root DIR --model revoice
#
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=vctk
kind=speech
options=(
  root=  # the folder that holds wav48 or wav48_silence_trimmed
  mic=1  # microphone of version 0.92: 1 or 2
  test_speakers= # p225,s5 and so on, such as a paper's; default: a tenth, drawn
  dev_speakers=  # the same, beside those of the test
)
. "$here/../options.sh"
one_of mic 1 2

protocol=all-pairs

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR; it is free at datashare.ed.ac.uk/handle/10283/3443"
  speechdis prepare vctk --root "$root" --out "$data" --mic "$mic" --seed 0 \
    ${test_speakers:+"--test-speakers=$test_speakers"} ${dev_speakers:+"--dev-speakers=$dev_speakers"}
fi

. "$here/../static_dynamic.sh"
