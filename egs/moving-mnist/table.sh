#!/usr/bin/env bash
# The C-DSVAE paper's Table 3: every model with its recipe for moving MNIST, three seeds each. For a GPU.
#
#   bash egs/moving-mnist/table.sh --root DIR

set -euo pipefail
bash "$(dirname -- "${BASH_SOURCE[0]}")/../videos_table.sh" moving-mnist "$@"
