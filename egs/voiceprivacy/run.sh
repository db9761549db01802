#!/usr/bin/env bash
# VoicePrivacy: the challenge's directories anonymised, and attacked as the challenge does.
#
#   bash egs/voiceprivacy/run.sh --root Voice-Privacy-Challenge-2024
#   bash egs/voiceprivacy/run.sh --corpus-data data/speechocean762   # train, dev and test of any corpus, arranged so
#   bash egs/voiceprivacy/run.sh --generated                         # or of voices that espeak-ng speaks
#
# DIR holds data/libri_{dev,test}_{enrolls,trials_f,trials_m} (2026: trials_mixed) and data/train-clean-360.
# Stages: 0 data, 1 anonymised directories, 2 attackers, words, and the table beside published baselines.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
corpus=voiceprivacy
kind=speech
trains=false last_stage=2
options=(
  root=             # the challenge's folder, from which its wav.scp count paths
  corpus_data=      # data directories train, dev and test to arrange as the challenge's, in place of --root
  generated=false   # speak a corpus with espeak-ng, and arrange that
  speakers=64       # how many, with --generated
  train_utterances= # of each training speaker, where a corpus is arranged; default: all
  train=train-clean-360 # the training speakers' directory in data/
  split=test        # test or dev
  checkpoint=revoice # the model that anonymises: an experiment, or one that comes with speechdis
  voice=prior       # prior, mix or pool
  pool=             # data directory of speakers who lend their voices, for mix and pool
  slow=             # frames: only what is slower in the change of voice is made; default: that of anonymise
  per=utterance     # utterance (2024) or speaker (2020): who gets a voice
  suffix=_anon      # of anonymised directories; those of another system, made before, need no stage 1
  words=            # utterances whose words are heard; default: all
)
. "$here/../options.sh"
one_of split test dev
one_of voice prior mix pool
one_of per utterance speaker
[ -z "$train_utterances" ] || whole train_utterances 1
[ -z "$words" ] || whole words 0

absolute() { (CDPATH= cd -- "$1" 2> /dev/null && pwd) || fail "$1: no such folder"; }
[ "$generated" = false ] || corpus_data=$work/data/$corpus
arranged=$work/arranged/$corpus
if stage 0 "data"; then
  if [ "$generated" = true ]; then
    speechdis generate timit --out "$root" --speakers "$speakers" --seed "$seed" --jobs "$jobs"
    speechdis prepare timit --root "$root" --out "$corpus_data"
  fi
  if [ -n "$corpus_data" ]; then
    python "$here/local/arrange.py" "$corpus_data" "$arranged" --train "${train_utterances:-0}"
  elif [ -z "$root" ]; then
    fail "pass the challenge's folder as --root DIR, a corpus as --corpus-data DIR, or --generated"
  fi
fi
[ -z "$corpus_data" ] || root=$arranged
[ -n "$root" ] || fail "pass the challenge's folder as --root DIR, a corpus as --corpus-data DIR, or --generated"
root=$(absolute "$root")
[ -z "$pool" ] || pool=$(absolute "$pool")
mkdir -p "$work"
work=$(absolute "$work")
[ ! -e "$checkpoint" ] || checkpoint=$(realpath -- "$checkpoint")
cd -- "$root" # from where the challenge's paths count

enroll=data/libri_${split}_enrolls
lists=()
for name in f m mixed; do
  [ ! -d "data/libri_${split}_trials_$name" ] || lists+=("data/libri_${split}_trials_$name")
done
[ -d "$enroll" ] && [ ${#lists[@]} -gt 0 ] && [ -d "data/$train" ] ||
  fail "$root: needs $enroll, data/libri_${split}_trials_f, _m or _mixed, and data/$train"

if stage 1 "anonymised directories"; then
  made=()
  for data in "$enroll" "${lists[@]}" "data/$train"; do
    if [[ $data == *_mixed && ${#made[@]} -gt 1 ]]; then # the same utterances as those of f and m
      mkdir -p "$data$suffix"
      for table in utt2spk spk2gender text wav.scp; do
        [ -e "${lists[0]}$suffix/$table" ] || continue
        cat data/libri_"${split}"_trials_[fm]"$suffix/$table" | LC_ALL=C sort -u > "$data$suffix/.$table"
        mv "$data$suffix/.$table" "$data$suffix/$table"
      done
      awk 'NR == FNR { made[$1] = 1; next } $2 in made' "$data$suffix/utt2spk" "$data/trials" > "$data$suffix/trials"
    else
      speechdis anonymise --checkpoint "$checkpoint" --data "$data" --out "$data$suffix" --voice "$voice" \
        ${pool:+--pool "$pool"} ${slow:+--slow "$slow"} --per "$per" --seed "$seed" --jobs "$jobs" --device "$device"
    fi
    made+=("$data")
  done
fi

if stage 2 "attackers, words, and published figures beside"; then
  speechdis privacy --train "data/$train" --train-anon "data/$train$suffix" \
    --enroll "$enroll" --enroll-anon "$enroll$suffix" --trials "${lists[@]}" --trials-anon "${lists[@]/%/$suffix}" \
    ${attacker_steps:+--attacker-steps "$attacker_steps"} ${words:+--words "$words"} --seed "$seed" --jobs "$jobs" --device "$device" \
    --work "$work/frames" --beside "$here/results/published.json" --json "$work/privacy-$split.json"
fi
