#!/usr/bin/env bash
# The C-DSVAE paper's Table 1: every model with its recipe for Sprites, three seeds each. For a GPU.
#
#   bash egs/sprites/table.sh --root DIR
#   bash egs/sprites/table.sh --small --root DIR    # by the small recipes

set -euo pipefail
bash "$(dirname -- "${BASH_SOURCE[0]}")/../videos_table.sh" sprites "$@"
