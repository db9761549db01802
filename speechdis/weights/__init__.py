"""Models that come with the package; docs/pages/model-card.md says what they are trained on, can do and cannot."""

from pathlib import Path

_FOLDER = Path(__file__).parent
DEFAULT = _FOLDER / "revoice.safetensors"  # of whoever names none


def names() -> tuple[str, ...]:
    """Their names."""
    return tuple(sorted(file.stem for file in _FOLDER.glob("*.safetensors")))


def file_of(name: str) -> Path:
    """The checkpoint of this name, which need not be there."""
    return _FOLDER / f"{name}.safetensors"
