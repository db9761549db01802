# A paper's table of moving pictures: every model with its recipe for a corpus, three seeds each. For a GPU.
# Called by egs/CORPUS/table.sh with the corpus and what its run.sh takes.

set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/$1
shift
bash "$here/run.sh" --stop-stage 0 "$@" # the same sequences for every seed
for model in dsvae rwae s3vae cdsvae mocogan; do
  for seed in 0 1 2; do
    bash "$here/run.sh" --stage 3 --model "$model" --name "$model-$seed" --seed "$seed" "$@"
  done
done
