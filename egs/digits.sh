# Stages 1-5 of every recipe of spoken digits; sourced after stage 0. Reads, besides the options: corpus, data
# (data directories of single digits), mnist (the four IDX files, or nothing), rate (Hz, or nothing for 16,000).

feats=$work/feats/$corpus-$feature_type
images=$work/feats/mnist
exp=$work/exp/$corpus-${name:-$model}

if stage 1 "features of the digits"; then
  speechdis features --data "$data" --out "$feats" --feature-type "$feature_type" ${rate:+--rate "$rate"} --jobs "$jobs"
fi

if [ -n "$mnist" ] && stage 2 "written digits, and pairs of both for dev and test"; then
  speechdis images --root "$mnist" --out "$images" --seed "$seed"
  for part in dev test; do
    speechdis pair --speech "$data/$part" --features "$feats/$part" --images "$images/$part" \
      --out "$data/$part/pairs" --seed "$seed"
  done
fi

if [ -z "$mnist" ] && [ ! -d "$images" ]; then
  done_with "stages 2 to 5 need --mnist DIR"
  return 0
fi

if stage 3 "training of $model"; then
  speechdis train --config "$config" --features "$feats" --data "$data" --images "$images" --out "$exp" --resume \
    "${settings[@]}" --device "$device"
fi

if stage 4 "clusters of the codes, and digits made from them"; then
  beside=()
  for other in "$work/exp/$corpus"-*/digits.json; do
    [ "$other" = "$exp/digits.json" ] || [ ! -f "$other" ] || beside+=(--beside "$other")
  done
  speechdis clusters --checkpoint "$exp/best" --features "$feats" --data "$data" --images "$images" --device "$device" \
    ${beside[@]+"${beside[@]}"}
fi

if [[ $model == pvae* ]] && stage 5 "spoken digits to written ones and back"; then
  speechdis crossmodal --checkpoint "$exp/best" --features "$feats/test" --data "$data/test" --images "$images/test" \
    --out "$exp/crossmodal" --seed "$seed" --device "$device"
fi
done_with "stage 2 needs --mnist DIR, stage 5 a pvae"
