#!/usr/bin/env bash
# Your own recordings: a folder a speaker, speakers in the file names, or a table.
#
#   bash egs/folder/run.sh --root DIR --model revoice
#   bash egs/folder/run.sh --root DIR --speaker-from '{speaker}_{rest}'
#   bash egs/folder/run.sh --root DIR --table FILE.tsv
#
# Stages: 0 data, 1 features, 2 augmentation, 3 training, 4 embeddings and EER, 5 a swap and the report.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=folder
kind=speech
options=(
  root=         # the folder of the recordings
  speaker_from= # where the speaker stands in file names: '{speaker}_{rest}'; default: a folder a speaker
  init=         # a checkpoint to start from, with --config revoice/finetune: 'revoice', an experiment or a file
  table=        # TSV or CSV with the columns path, speaker, and maybe text, split
)
. "$here/../options.sh"

protocol=all-pairs

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the folder of the recordings as --root DIR"
  speechdis prepare folder --root "$root" --out "$data" --seed "$seed" \
    ${speaker_from:+"--speaker-from=$speaker_from"} ${table:+"--table=$table"}
fi

. "$here/../static_dynamic.sh"
