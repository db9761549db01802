"""`python -m speechdis` is the `speechdis` command."""

import sys

from speechdis.cli import main

sys.exit(main())
