#!/usr/bin/env bash
# TIMIT: voices and words apart, on the Kaldi s5 split (462 training, 50 dev, 24 core-test speakers).
#
#   bash egs/timit/run.sh --timit-root /corpora/TIMIT --model cdsvae
#   bash egs/timit/run.sh --generated --model cdsvae        # no TIMIT: a synthetic tree of the same layout
#
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=timit
kind=speech
options=(
  timit_root=    # the LDC release (LDC93S1)
  generated=false # speak a tree of TIMIT's layout with espeak-ng, and use that
  speakers=64    # how many, with --generated; 630 is TIMIT's whole shape
  words=         # of each sentence, with --generated; default: real sentences
)
. "$here/../options.sh"
whole words 2

protocol=timit-core
[ "$generated" = false ] || protocol=all-pairs

if stage 0 "data"; then
  need_corpus "TIMIT is licensed: LDC93S1 from the Linguistic Data Consortium" ${words:+--words "$words"}
  speechdis prepare timit --root "$root" --out "$data"
fi

. "$here/../static_dynamic.sh"
