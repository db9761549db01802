# Stages 1-5 of every recipe that trains a static/dynamic model, or a sequence model (vrnn, avrnn), which reads no twins,
# is also measured by its bounds, and has no voices to swap; sourced after stage 0 has made $data.
# Needs: $data (train, dev, test), $corpus (names features and experiments), $protocol (names the trials).
# Where $across_sessions is set, no trial is of one session.

feats=$work/feats/$corpus-$feature_type
exp=$work/exp/$corpus-${name:-$model}
case $model in
  vrnn | avrnn) sequence=true; twins=() ;;
  *) sequence=false; twins=(--augmented "$feats-twins") ;;
esac

if stage 1 "features, and the same recordings through random channels"; then
  speechdis features --data "$data" --out "$feats" --feature-type "$feature_type" --jobs "$jobs"
  for split in train dev test; do # train: attackers learn from it who know of channels
    speechdis features --data "$data/$split" --out "$feats-channel/$split" --feature-type "$feature_type" --channel-seed 0 --jobs "$jobs"
  done
fi

if [ $sequence = false ] && stage 2 "voice-converted twins of the training and validation sets"; then
  speechdis augment --data "$data" --features "$feats" --out "$feats-twins" --feature-type "$feature_type" \
    --versions "$versions" --seed "$seed" --jobs "$jobs"
fi

if stage 3 "training of $model"; then
  speechdis train --config "$config" --features "$feats" "${twins[@]}" ${init:+"--init=$init"} --out "$exp" --resume \
    "${settings[@]}" --device "$device"
fi

if stage 4 "embeddings, trials and the table"; then
  speechdis embed --checkpoint "$exp/best" --features "$feats/test" --out "$exp/embeddings" --device "$device"
  lists=("$data/test/trials_"*) # the corpus's own
  if [ ! -e "${lists[0]}" ]; then
    lists=("$exp/trials")
    speechdis trials --data "$data/test" --features "$feats/test" --protocol "$protocol" --out "${lists[0]}" \
      ${across_sessions:+--across-sessions}
  fi
  for list in "${lists[@]}"; do
    speechdis eer --trials "$list" --embeddings "$exp/embeddings/static.scp" \
      --utt2spk "$data/test/utt2spk" --plot "$exp/det.png"
  done
  speechdis evaluate --checkpoint "$exp/best" --data "$data" --features "$feats" --channel-features "$feats-channel" \
    ${attacker_steps:+--attacker-steps "$attacker_steps"} --phone-steps "$phone_steps" \
    --references "$feats-references-test.json" --swaps "$swaps" --out "$exp/results.json" --device "$device"
  if [ $sequence = true ]; then
    beside=() # what the adversary is to be compared with
    if [ "$model" = avrnn ] && [ -d "$work/exp/$corpus-vrnn" ]; then beside=(--exp "$work/exp/$corpus-vrnn"); fi
    speechdis bounds --exp "$exp" "${beside[@]}" --features "$feats/test" --out "$exp/bounds" --device "$device"
  fi
fi

if [ $sequence = true ]; then
  if stage 5 "a test recording as the model expects it, and speech of its own"; then
    speechdis rollout --checkpoint "$exp/best" --data "$data/test" --out "$exp/rollout"
  fi
elif stage 5 "the words of one test recording in the voice of another, and a page that shows it all"; then
  speechdis swap --checkpoint "$exp/best" --data "$data/test" --out "$exp/swap.wav"
  speechdis report --exp "$exp" --data "$data" --features "$feats" --out "$exp/report"
fi
done_with "sequence models have no stage 2"
