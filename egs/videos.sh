# Stages 1-5 of every recipe of moving pictures; sourced after stage 0 has made $feats (train, dev, test, labels.tsv).

exp=$work/exp/$corpus-${name:-$model}

if stage 3 "training of $model"; then
  speechdis train --config "$config" --features "$feats" --out "$exp" --resume "${settings[@]}" --device "$device"
fi

if stage 4 "embeddings, and what a judge sees in sequences with one factor kept and the other drawn"; then
  if [ "$model" != mocogan ]; then # it has no codes
    speechdis embed --checkpoint "$exp/best" --features "$feats/test" --out "$exp/embeddings" --device "$device"
  fi
  beside=()
  for other in "$work/exp/$corpus"-*/clips.json; do
    [ "$other" = "$exp/clips.json" ] || [ ! -f "$other" ] || beside+=(--beside "$other")
  done
  speechdis clips --checkpoint "$exp/best" --features "$feats" --judge-steps "$judge_steps" --device "$device" \
    ${beside[@]+"${beside[@]}"}
fi

if stage 5 "a page that shows it all"; then
  speechdis report --exp "$exp" --out "$exp/report"
fi
done_with "stage 0 makes the frames of pictures at once, and their motion views are made in training: no stages 1, 2"
