# The one option parser of all recipes; sourced. A recipe lists its own options in the array `options` as
# name=default before sourcing; --some-name VALUE sets $some_name. A default of "false" makes a flag; one that is a
# number takes whole numbers. The recipe says beforehand, too: corpus (its name) and kind (speech or digits); or, where
# it trains no model, trains=false, and its last_stage. It gets
# $root, where the corpus is or, with --generated, will be, and $data, where its data directories go.
# --help prints the comment at the head of the recipe, and every option with the comment on its line.
#
# No value is ever more than a value: it is checked, and then only quoted, never split, globbed or computed with.

trains=${trains:-true} last_stage=${last_stage:-5}
if [ "$trains" = true ]; then
  options=(
    model=cdsvae         # a model; 'speechdis recipes' lists them
    config=              # a recipe, by name or file; default: the model's own for this corpus, or for speech or digits
    set=                 # numbers of the recipe to train with: "training.steps=100 model.margin=1" (repeatable)
    name=                # of the experiment; default: the model's
    feature_type=fbank   # fbank, spectrogram, or waveform (for vrnn and avrnn)
    versions=4           # voice-converted twins of every training utterance
    phone_steps=1200     # training of the phone-sequence probe; 0 skips it
    swaps=0              # how many swaps of voices judges hear, of a static/dynamic model
    "${options[@]}"
  )
fi
options=(
  stage=0                # first stage to run
  stop_stage="$last_stage" # last stage to run
  work="$here"           # where data/, feats/ and exp/ go; default: beside run.sh
  jobs="$(nproc)"        # threads for features and augmentation; default: all cores
  device=auto            # cpu, cuda or auto
  attacker_steps=        # training of each network that looks for the voice, at most; 0: none; default: 4000 on a GPU, 0 on a CPU
  seed=0                 # of generation, augmentation and training
  "${options[@]}"
)
declare -A default
for option in "${options[@]}"; do
  default[${option%%=*}]=${option#*=}
  printf -v "${option%%=*}" %s "${option#*=}"
done

fail() { printf '%s/run.sh: %s\n' "${here##*/}" "$*" >&2; exit 2; }

# need_corpus 'how to get it' OPTION... -> says so where there is none; with --generated, speaks a tree with the options
need_corpus() {
  if [ -z "$root" ]; then
    echo "$1; pass its folder as --${here##*/}-root DIR." >&2
    echo "Without it, run on a generated tree: bash egs/${here##*/}/run.sh --generated" >&2
    exit 2
  fi
  [ "$generated" = false ] ||
    speechdis generate "${here##*/}" --out "$root" --speakers "$speakers" "${@:2}" --seed "$seed" --jobs "$jobs"
}

show_help() {
  sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$here/run.sh"
  echo "Options:"
  cat "$here/run.sh" "$here/../options.sh" | sed -nE 's/^ +([a-z_]+)=("[^"]*"|[^ #]*) *# (.*)/\1|\3|\2/p' |
    awk -F'|' '!seen[$1]++' |
    while IFS="|" read -r key text value; do
      [ -n "${default[$key]+set}" ] || continue
      [[ $value == \"* ]] && value=
      printf '  --%-16s %s%s\n' "${key//_/-}" "$text" "${value:+ (default $value)}"
    done
}

# whole NAME LEAST -> fails where the option is set, and not to a whole number from LEAST to 999,999,999
whole() {
  [[ -z ${!1} || ${!1} =~ ^(0|[1-9][0-9]{0,8})$ ]] && [ "${!1:-$2}" -ge "$2" ] ||
    fail "--${1//_/-} must be a whole number from $2 on, not '${!1}'"
}

# one_of NAME CHOICE... -> fails where the option is none of them
one_of() {
  local key=$1 choice
  shift
  for choice; do [ "${!key}" != "$choice" ] || return 0; done
  fail "--${key//_/-} must be one of: $*; not '${!key}'"
}

settings=()
while [ $# -gt 0 ]; do
  if [ "$1" = --help ]; then show_help; exit 0; fi
  if [ "$1" = --features ]; then # its name in version 0.1
    echo "--features: is now called --feature-type" >&2
    set -- --feature-type "${@:2}"
  fi
  key=${1#--}; key=${key//-/_}
  [[ $1 =~ ^--[a-z][a-z-]*$ && -n ${default[$key]+set} ]] || fail "no option '$1'; see --help"
  if [ "${default[$key]}" = false ]; then
    printf -v "$key" true; shift; continue
  fi
  [[ $# -ge 2 && $2 != --* ]] || fail "$1 needs a value; see --help"
  [[ -n $2 || -z ${default[$key]} ]] || fail "$1 needs a value that is not empty; see --help"
  value=$2
  case $key in
    set) read -r -d '' -a more <<< "$value" || true; settings+=("${more[@]/#/--set=}") ;;
    work | config | mnist | *root) [[ $value != -* ]] || value=./$value ;; # else a command takes it for an option
  esac
  printf -v "$key" %s "$value"; shift 2
done

for key in "${!default[@]}"; do
  [[ ! ${default[$key]} =~ ^[0-9]+$ ]] || case $key in
    stage | stop_stage | phone_steps | swaps | seed) whole "$key" 0 ;;
    *) whole "$key" 1 ;;
  esac
done
whole attacker_steps 0
[ "$stop_stage" -le "$last_stage" ] ||
  fail "--stop-stage must be $last_stage or less, not $stop_stage: there are stages 0 to $last_stage"
[ "$stage" -le "$stop_stage" ] || fail "--stage $stage comes after --stop-stage $stop_stage: no stage would run"
one_of device auto cpu cuda
[ "$trains" = false ] || one_of feature_type fbank spectrogram waveform
[[ ${model:-}${name:-} != */* ]] || fail "--model and --name must have no '/'; a recipe is named by --config"

command -v speechdis > /dev/null || PATH="$here/../../.venv/bin:$PATH"
command -v speechdis > /dev/null || fail "no 'speechdis' command; run 'make test' or 'pip install -e .' first"

# The recipe, and what --set changes in it, are checked before anything is done. (-- : a name may begin with a dash.)
if [ "$trains" = true ]; then
  config=$(speechdis recipes "--kind=$corpus" "--kind=$kind" "${settings[@]}" -- "${config:-$model}") || exit 2
  settings=("--set=training.seed=$seed" "${settings[@]}")
fi

rate= # Hz of features; default: 16,000
[ -n "${default[root]+set}" ] || { own_root=${corpus}_root; root=${!own_root}; }
[ -n "${default[generated]+set}" ] || generated=false
if [ "$generated" = true ]; then
  root=$work/generated/$corpus
  corpus+=-generated
fi
data=$work/data/$corpus

# stage N 'what it does' -> true where the person asked for it
ran=false
stage() {
  [ "$1" -ge "$stage" ] && [ "$1" -le "$stop_stage" ] || return 1
  ran=true
  echo "stage $1: $2" >&2
}

# done_with 'why some stages may not be there' -> fails where the person asked for these alone
done_with() { [ $ran = true ] || fail "no stage from $stage to $stop_stage was run: $1"; }
