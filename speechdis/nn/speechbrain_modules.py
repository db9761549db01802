"""SpeechBrain's lazy stand-ins for optional packages, which break whoever looks at all modules."""

import sys


def drop_lazy_modules() -> None:
    """Take them out of `sys.modules`: call it after what imports SpeechBrain.

    They raise ImportError when merely looked at, so `inspect.getmodule` (of warnings, hypothesis, torch.compile)
    would fail in any process that has imported SpeechBrain.
    """
    for name, module in list(sys.modules.items()):
        if name.startswith("speechbrain") and type(module).__name__ in (
            "LazyModule",
            "DeprecatedModuleRedirect",
        ):
            del sys.modules[name]
