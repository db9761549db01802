"""Where the voice-converted twins of the training and of the validation speakers are."""

from pathlib import Path

from speechdis.features.store import MARKER


def twin_stores(augmented: Path | None) -> dict[str, Path]:
    """The stores of twins by split: "train" and, where it is there, "dev".

    Args:
        augmented: a folder of both, as 'speechdis augment' makes of a folder of splits; or one store, of the training
            set alone, as older folders are; or None.
    """
    if augmented is None:
        return {}
    if (augmented / MARKER).exists():
        return {"train": augmented}
    dev = augmented / "dev"
    return {"train": augmented / "train"} | ({"dev": dev} if dev.exists() else {})
