"""speechdis: who is speaking, separated from what is being said."""

TYPE_CHECKING = False  # as in `typing`, whose import takes longer than all of this
if TYPE_CHECKING:
    from speechdis.api import eer, load, train

__version__ = "0.2.0"
__all__ = ["eer", "load", "train"]


def __getattr__(name: str) -> object:
    """The names of `api` are imported when they are first used: `import speechdis` takes no time."""
    if name not in __all__:
        raise AttributeError(f"module 'speechdis' has no attribute '{name}'")
    from speechdis import api

    return getattr(api, name)
