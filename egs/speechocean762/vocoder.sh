#!/usr/bin/env bash
# A vocoder for frames of recordings and for those that a model decodes, of one core's or one GPU's making.
#
#   bash egs/speechocean762/vocoder.sh --root DIR                                         on a GPU
#   bash egs/speechocean762/vocoder.sh --root DIR --config vocos/cpu --device cpu         on a core, in a quarter of an hour
#
# --root: the published release; --config: vocos/speech or a recipe like it; --checkpoint: whose decoded frames it
# learns too (default: the Revoice that comes with speechdis); --work: where data/, feats/ and exp/ go (default: here).
# Each step goes on where it was broken off. It ends with copies of validation recordings, judged from outside, where
# `speechdis[judges]` is installed.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
root= config=vocos/speech checkpoint=revoice work=$here device=auto
while [ $# -gt 0 ]; do
  case $1 in
    --help) sed -n '2,/^$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --root | --config | --checkpoint | --work | --device) [ $# -ge 2 ] && printf -v "${1#--}" %s "$2" && shift 2 ;;
    *) echo "vocoder.sh: no option '$1'; see --help" >&2; exit 2 ;;
  esac
done
data=$work/data/speechocean762 feats=$work/feats/speechocean762-fbank exp=$work/exp/speechocean762-${config//\//-}

if [ ! -d "$data" ]; then
  [ -n "$root" ] || { echo "vocoder.sh: pass the corpus as --root DIR" >&2; exit 2; }
  speechdis prepare speechocean762 --root "$root" --out "$data" --seed 0
fi
speechdis features --data "$data" --out "$feats" --feature-type fbank
speechdis features --data "$data" --out "$feats-samples" --feature-type waveform
speechdis reconstruct --checkpoint "$checkpoint" --features "$feats" --out "$feats-decoded" --device "$device"
speechdis train --config "$config" --features "$feats" --waveforms "$feats-samples" --augmented "$feats-decoded" \
  --out "$exp" --device "$device" --resume
speechdis swap --checkpoint "$checkpoint" --vocoder "$exp" --plain --data "$data/dev" --out "$exp/swap.wav"
python "$here/../../tools/bench/copies.py" --vocoder griffin-lim world "$exp" --data "$data/dev" --checkpoint "$checkpoint"
