#!/usr/bin/env bash
# Common Voice: sentences that volunteers read, in many languages; speakers are client_ids.
#
#   bash egs/commonvoice/run.sh --root DIR/cv-corpus-V/LANG --model revoice
#
# DIR/cv-corpus-V/LANG holds clips, train.tsv and so on.
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=commonvoice
kind=speech
options=(
  root=           # the corpus, one language
  table=validated # official: the published train, dev and test, which have few clips of each speaker
  least_clips=5   # of a speaker, in a table
)
. "$here/../options.sh"

one_of table official validated
protocol=all-pairs

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR; commonvoice.mozilla.org has it"
  speechdis prepare commonvoice --root "$root" --out "$data" --seed 0 --table "$table" --least-clips "$least_clips"
fi

. "$here/../static_dynamic.sh"
