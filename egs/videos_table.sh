# A paper's table of moving pictures: every model with its recipe for a corpus, three seeds each. For a GPU.
# Called by egs/CORPUS/table.sh with the corpus and what its run.sh takes. What is done already is not done again.
# With --small as the first of these: the small recipes, of the models that have one.

set -euo pipefail
root=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
corpus=$1
here=$root/egs/$corpus work=$root/egs/$corpus
shift
small=
[ "${1-}" != --small ] || { small=-cpu; shift; }
for ((k = 1; k < $#; k++)); do
  [ "${!k}" != --work ] || { next=$((k + 1)); work=${!next}; }
done
bash "$here/run.sh" --stop-stage 0 "$@" # the same sequences for every seed
judged=()
for model in dsvae rwae s3vae cdsvae mocogan; do
  [ -z "$small" ] || [ -f "$root/recipes/$model/$corpus$small.yaml" ] || continue
  for seed in 0 1 2; do
    clips=$work/exp/$corpus-$model$small-$seed/clips.json
    judged+=("$clips")
    [ -f "$clips" ] ||
      bash "$here/run.sh" "$@" --stage 3 --model "$model" --config "$model/$corpus$small" --name "$model$small-$seed" --seed "$seed"
  done
done
PYTHONPATH=$root PATH=$PATH:$root/.venv/bin python "$root/tools/seeds.py" "$here/published.yaml" "${judged[@]}" --out "$work/exp/table$small.json"
