#!/usr/bin/env bash
# TIDIGITS: English digits of 225 adults, cut out of their strings, for pairing with MNIST's written ones.
#
#   bash egs/tidigits/run.sh --tidigits-root /corpora/TIDIGITS --mnist DIR
#   bash egs/tidigits/run.sh --generated                # no TIDIGITS: a synthetic tree of the same layout
#
# Stages: 0 data (strings, and the digits cut out of them), 1 features; with --mnist: 2 pairs with written digits,
# 3 training, 4 the table of clusters, 5 digits made across modalities.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=tidigits
kind=digits
options=(
  model=pvae     # pvae, pvae-no-contrast, jmvae, vae-sp or vae-im
  tidigits_root= # the LDC release (LDC93S10)
  generated=false # speak a tree of TIDIGITS's layout with espeak-ng, and use that
  speakers=24    # how many, with --generated
  strings=11     # of each length that each of them says, with --generated
  mnist=         # folder of MNIST's IDX files; without it the rest is left out
)
. "$here/../options.sh"

if stage 0 "data: strings, and the digits cut out of them"; then
  need_corpus "TIDIGITS is licensed: LDC93S10 from the Linguistic Data Consortium" --strings "$strings"
  speechdis prepare tidigits --root "$root" --out "$data-strings" --seed "$seed"
  speechdis segment --data "$data-strings" --out "$data" --method align --jobs "$jobs"
fi

. "$here/../digits.sh"
