# The one option parser of all recipes; sourced. A recipe lists its own options in the array `options` as
# name=default before sourcing; --some-name VALUE sets $some_name. A default of "false" makes a flag.
# --help prints the comment at the head of the recipe, and every option with the comment on its line.

options=(
  stage=0                # first stage to run
  stop_stage=5           # last stage to run
  model=cdsvae           # a name in recipes/
  config=                # a recipe file; default: recipes/MODEL/CORPUS.yaml, or speech.yaml, digits.yaml
  set=                   # numbers of the recipe to train with: "training.steps=100 model.margin=1"
  name=                  # of the experiment; default: the model's
  work="$here"           # where data/, feats/ and exp/ go; default: beside run.sh
  features=fbank         # fbank, spectrogram, or waveform (for vrnn and avrnn)
  versions=4             # voice-converted twins of every training utterance
  jobs="$(nproc)"        # threads for features and augmentation; default: all cores
  device=auto            # cpu, cuda or auto
  attacker_steps=800     # training of the attacker that looks for the voice in z
  phone_steps=1200       # training of the phone-sequence probe
  swaps=0                # how many swaps of voices judges hear, of a static/dynamic model
  seed=0                 # of generation, augmentation and training
  "${options[@]}"
)
declare -A default
for option in "${options[@]}"; do
  default[${option%%=*}]=${option#*=}
  printf -v "${option%%=*}" %s "${option#*=}"
done

fail() { echo "$(basename "$(dirname "$0")")/run.sh: $*" >&2; exit 2; }

# no_corpus 'how to get it' -> says so, and how to do without
no_corpus() {
  echo "$1" >&2
  echo "Without it, run on a generated tree: bash egs/$corpus/run.sh --generated" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  if [ "$1" = --help ]; then
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    echo "Options:"
    cat "$0" "${BASH_SOURCE[0]}" | sed -nE 's/^  ([a-z_]+)=("[^"]*"|[^ #]*) *# (.*)/\1|\3|\2/p' | awk -F'|' '!seen[$1]++' |
      while IFS="|" read -r key text value; do
        [[ $value == \"* ]] && value=
        printf '  --%-16s %s%s\n' "${key//_/-}" "$text" "${value:+ (default $value)}"
      done
    exit 0
  fi
  key=${1#--}; key=${key//-/_}
  [[ $1 == --* && -n ${default[$key]+set} ]] || fail "no option '$1'; see --help"
  if [ "${default[$key]}" = false ]; then
    printf -v "$key" true; shift
  else
    [ $# -ge 2 ] || fail "$1 needs a value; see --help"
    printf -v "$key" %s "$2"; shift 2
  fi
done

settings=(--set "training.seed=$seed")
for setting in $set; do settings+=(--set "$setting"); done

command -v speechdis > /dev/null || PATH="$here/../../.venv/bin:$PATH"
command -v speechdis > /dev/null || fail "no 'speechdis' command; run 'make test' or 'pip install -e .' first"

# find_recipe OTHERWISE: $config, where the person named none, is the model's recipe for this corpus, or the one so called
find_recipe() {
  [ -n "$config" ] || for name_of in "${corpus%%-*}" "$1"; do
    config=$here/../../recipes/$model/$name_of.yaml
    if [ -f "$config" ]; then break; fi
  done
}

# stage N 'what it does' -> true where the person asked for it
stage() {
  (( $1 >= stage && $1 <= stop_stage )) || return 1
  echo "stage $1: $2" >&2
}
