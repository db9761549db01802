"""What a number was made with: commit, versions and hardware."""

import importlib.metadata
import platform
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch

import speechdis


def provenance(device: torch.device) -> dict[str, Any]:
    """Version, commit ("" outside a git checkout, or without git), package versions and hardware, for result files."""
    packages = ("torch", "torchaudio", "numpy", "scikit-learn", "speechbrain")
    return {
        "speechdis": speechdis.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
        "hardware": torch.cuda.get_device_name(device) if device.type == "cuda" else _processor(),
        "threads": torch.get_num_threads(),
        "command": _command(),
    }


def _command() -> str:
    """What was typed; "" where another program runs this one."""
    program, *words = sys.argv
    own = Path(program).name in ("speechdis", "__main__.py")
    return shlex.join(["speechdis", *words]) if own else ""


def _commit() -> str:
    checkout = Path(speechdis.__file__).parents[1]
    if not (checkout / ".git").exists():  # installed, perhaps inside another project's checkout
        return ""
    words = ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    except OSError:  # no git
        return ""


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")
