# Stages 1-5 of every recipe of moving pictures; sourced after stage 0 has made $feats (train, dev, test, labels.tsv).

exp=$work/exp/$corpus-${name:-$model}

if stage 3 "training of $model"; then
  speechdis train --config "$config" --features "$feats" --out "$exp" --resume "${settings[@]}" --device "$device"
fi

if [ "$model" != mocogan ] && stage 4 "embeddings of the test sequences"; then
  speechdis embed --checkpoint "$exp/best" --features "$feats/test" --out "$exp/embeddings" --device "$device"
fi
done_with "stage 0 makes the frames of pictures at once, and their motion views are made in training: no stages 1, 2; mocogan has no codes"
