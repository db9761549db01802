"""Names of the same recordings in two files, which differ by a suffix or by folders alone."""

import re
from collections import Counter
from collections.abc import Collection

_SUFFIX = re.compile(
    r"(\.(wav|flac|mp3|ogg|opus|m4a|mp4|aac|webm|sph|wv1|aiff?|au|raw|pcm|npy|pt))+$", re.IGNORECASE
)
_DEEPEST = 16  # folders


def match_names(wanted: Collection[str], given: Collection[str]) -> dict[str, str]:
    """The name in `given` of each in `wanted`, {} if not all of them can be told apart.

    Names match without their suffix and with as many of their last folders as serve all: "wav/id1/v0/1.wav",
    "id1/v0/1" and Kaldi's "id1-v0-1" are one recording.

    >>> match_names(["id1/1.wav", "id2/1.wav"], ["id1-1", "id2-1", "id3-1"])
    {'id1/1.wav': 'id1-1', 'id2/1.wav': 'id2-1'}
    """
    wanted_parts, given_parts = _parts(wanted), _parts(given)
    depth = max((len(parts) for parts in (*wanted_parts, *given_parts)), default=0)
    for kept in range(min(depth, _DEEPEST), 0, -1):
        keys = ["-".join(parts[-kept:]) for parts in wanted_parts]
        others = ["-".join(parts[-kept:]) for parts in given_parts]
        count = Counter(others)
        if len(set(keys)) == len(keys) and all(count[key] == 1 for key in keys):
            name_of = dict(zip(others, given, strict=True))
            return {name: name_of[key] for name, key in zip(wanted, keys, strict=True)}
    return {}


def _parts(names: Collection[str]) -> list[list[str]]:
    """Folders and stem of each name."""
    return [_SUFFIX.sub("", name).replace("\\", "/").strip("/").split("/") for name in names]
