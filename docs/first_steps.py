"""A hook of mkdocs: the notebook `examples/first_steps.ipynb` as a page, its pictures and sounds as files beside it.

`make docs` runs the notebook first. Outputs are shown where the run is of this very notebook; otherwise the page has
its text and code alone.
"""

import base64
import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
NOTEBOOK, RUN = ROOT / "examples" / "first_steps.ipynb", ROOT / "work" / "first_steps.ipynb"
NAME = "first-steps"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page and its files."""
    made: dict[str, bytes] = {}
    page = "\n\n".join(text for cell in cells() for text in shown(cell, made))
    files.append(File.generated(config, f"{NAME}.md", content=page))
    for name, content in made.items():
        files.append(File.generated(config, f"{NAME}/{name}", content=content))
    return files


def cells() -> list[dict[str, Any]]:
    """Cells of the notebook, as they were run where they were."""
    source = json.loads(NOTEBOOK.read_text())["cells"]
    ran = json.loads(RUN.read_text())["cells"] if RUN.is_file() else []
    same = [cell["source"] for cell in ran] == [cell["source"] for cell in source]
    return ran if same else source


def shown(cell: dict[str, Any], made: dict[str, bytes]) -> list[str]:
    """Markdown of a cell and its outputs; pictures and sounds go to `made`, by name."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return [source.replace("](../docs/pages/", "](")]
    return [f"```python\n{source}\n```", *(output(one, made) for one in cell["outputs"])]


def output(one: dict[str, Any], made: dict[str, bytes]) -> str:
    """Markdown of one output."""
    data = one.get("data", {"text/plain": one.get("text", "")})
    if "image/png" in data:
        name = f"{len(made)}.png"
        made[name] = base64.b64decode(data["image/png"])
        return f"![The figure that these lines draw]({NAME}/{name})"
    if sound := re.search(r'src="data:audio/[^;]+;base64,([^"]+)"', "".join(data.get("text/html", ""))):
        name = f"{len(made)}.wav"
        made[name] = base64.b64decode(sound[1])
        return f'<audio controls preload="none" src="{name}"></audio>'
    if "text/markdown" in data:
        return "".join(data["text/markdown"])
    return f"```text\n{''.join(data['text/plain'])}\n```"
