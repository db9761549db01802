#!/usr/bin/env bash
# FSDD: open English spoken digits (8 kHz, 6 speakers), paired with the written ones of MNIST.
#
#   bash egs/fsdd/run.sh --root DIR --mnist DIR
#   bash egs/fsdd/run.sh --root DIR --mnist DIR --split speakers      # test on a speaker never heard before
#
# Stages: 0 data, 1 features; with --mnist: 2 written digits, and pairs of the two for dev and test, 3 training,
# 4 the table of clusters, 5 digits made across modalities.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=fsdd
kind=digits
options=(
  root=          # the corpus, or its folder recordings
  mnist=         # MNIST's four IDX files; without it the rest is left out
  model=pvae     # pvae, pvae-no-contrast, jmvae, vae-sp or vae-im
  split=official # official (takes 0-4 are the test) or speakers (held out)
)
. "$here/../options.sh"
one_of split official speakers

corpus=fsdd-$split
data=$work/data/$corpus
rate=8000 # its own

if stage 0 "data"; then
  [ -n "$root" ] || fail "pass the corpus as --root DIR: github.com/Jakobovski/free-spoken-digit-dataset"
  speechdis prepare fsdd --root "$root" --out "$data" --split "$split" --seed "$seed"
fi

. "$here/../digits.sh"
