# Stages 1 and 2 of every recipe of spoken digits; sourced after stage 0. Reads, besides the options: corpus, data
# (data directories of single digits).

feats=$work/feats/$corpus-$features

if stage 1 "features of the digits"; then
  speechdis features --data "$data" --out "$feats" --type "$features" --jobs "$jobs"
fi

