# Stages 1 and 2 of every recipe of spoken digits; sourced after stage 0. Reads, besides the options: corpus, data
# (data directories of single digits), mnist (the four IDX files, or nothing), rate (Hz, or nothing for 16,000).

feats=$work/feats/$corpus-$features
images=$work/feats/mnist

if stage 1 "features of the digits"; then
  speechdis features --data "$data" --out "$feats" --type "$features" ${rate:+--rate "$rate"} --jobs "$jobs"
fi

if [ -n "$mnist" ] && stage 2 "written digits, and pairs of both for dev and test"; then
  speechdis images --root "$mnist" --out "$images" --seed "$seed"
  for part in dev test; do
    speechdis pair --speech "$data/$part" --images "$images/$part" --out "$data/$part/pairs" --seed "$seed"
  done
fi
