#!/usr/bin/env bash
# SecuVoice: Spanish digits by two smartphones, cut out of their sequences, for pairing with MNIST's written ones.
#
#   bash egs/secuvoice/run.sh --secuvoice-root DIR --mnist DIR      # described by DIR/manifest.tsv
#   bash egs/secuvoice/run.sh --secuvoice-root DIR \
#     --pattern 'audio/(?P<speaker>[^/]+)/(?P<device>[^/]+)/(?P<digits>\d+)_(?P<take>\d+)\.wav'
#   bash egs/secuvoice/run.sh --generated                           # no SecuVoice: a synthetic tree
#
# manifest.tsv has the tab-separated columns path, speaker, device, digits and take, named so in its first line;
# the pattern above is for files such as audio/s001/wide/0457_1.wav. `speechdis prepare secuvoice --help` says more.
# Stages: 0 data (sequences, and the digits cut out of them), 1 features; with --mnist: 2 pairs with written digits,
# 3 training, 4 the table of clusters, 5 digits made across modalities.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=secuvoice
kind=digits
options=(
  model=pvae     # pvae, pvae-no-contrast, jmvae, vae-sp or vae-im
  secuvoice_root= # the corpus
  pattern=       # regular expression that describes its files; default: ROOT/manifest.tsv does
  generated=false # speak a tree with espeak-ng, and use that
  speakers=12    # how many, with --generated
  mnist=         # folder of MNIST's IDX files; without it the rest is left out
)
. "$here/../options.sh"

if stage 0 "data: sequences, and the digits cut out of them"; then
  need_corpus "SecuVoice is not published: ask its authors (University of Granada)"
  speechdis prepare secuvoice --root "$root" ${pattern:+"--pattern=$pattern"} --out "$data-sequences" \
    --seed "$seed" --jobs "$jobs"
  speechdis segment --data "$data-sequences" --out "$data" --method islands --jobs "$jobs"
fi

. "$here/../digits.sh"
