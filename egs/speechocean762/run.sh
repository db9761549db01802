#!/usr/bin/env bash
# speechocean762: voices and words apart on open read English (SLR101), speaker-disjoint train, dev and test.
#
#   bash egs/speechocean762/run.sh --root DIR --model cdsvae
#
# DIR is the published release (see local/download) or a Kaldi directory pair train/ and test/.
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=speechocean762
kind=speech
options=(
  root= # the corpus
)
. "$here/../options.sh"

protocol=so762

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR; with a network, local/download fetches it"
  speechdis prepare speechocean762 --root "$root" --out "$data" --seed 0
fi

. "$here/../static_dynamic.sh"
