"""Make a checkpoint that ships with the package of a trained one: weights in half precision, and its digest.

python tools/ship.py EXP speechdis/weights/NAME.safetensors
"""

import argparse
import hashlib
from pathlib import Path

from speechdis.training import checkpoint

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("experiment", type=Path)
parser.add_argument("out", type=Path)
args = parser.parse_args()
checkpoint.save(args.out, checkpoint.load(args.experiment), half=True)
digest = hashlib.sha256(args.out.read_bytes()).hexdigest()
print(f"{args.out}: {args.out.stat().st_size:,} bytes, SHA-256 {digest}")
