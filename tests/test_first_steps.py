"""The notebook for newcomers runs as it is, and on a folder of one's own recordings."""

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "examples" / "first_steps.ipynb"
PLAYERS = 3 + 1 + 4 + 2  # swap, several recordings, the way from voice to voice, nobody


def run(folder: Path, recordings: Path | None = None) -> list[dict[str, Any]]:
    """Outputs of all cells in order; a cell that fails raises."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    if recordings is not None:
        (cell,) = [cell for cell in notebook.cells if cell.source.startswith("RECORDINGS = None")]
        cell.source = f"RECORDINGS = {str(recordings)!r}"
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def errors(outputs: list[dict[str, Any]]) -> list[float]:
    """Error rates that it prints, in %: by the voice, by the words, by the hidden voice."""
    text = "".join(output["text"] for output in outputs if output.get("name") == "stdout")
    return [
        float(line.split(":")[1].split("%")[0]) for line in text.splitlines() if line.startswith("by the")
    ]


def kinds(outputs: list[dict[str, Any]], kind: str) -> int:
    return sum(kind in output.get("data", {}) for output in outputs)


def test_no_output_is_committed() -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert cells and all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)


def test_it_runs_from_top_to_bottom(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    outputs = run(tmp_path)
    assert kinds(outputs, "text/html") == PLAYERS and kinds(outputs, "image/png") == 3
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]
    voice, words, hidden = errors(outputs)
    assert voice < 15 and abs(words - 50) < 12 and hidden > 2 * voice


def test_it_runs_on_a_folder_of_ones_own(shared: Path, tmp_path: Path) -> None:
    for file in sorted((shared / "fsdd" / "recordings").glob("[0-2]_*_0.wav")):
        _, speaker, _ = file.stem.split("_")
        (tmp_path / "my recordings" / speaker).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, tmp_path / "my recordings" / speaker)
    outputs = run(tmp_path, tmp_path / "my recordings")
    assert kinds(outputs, "text/html") == PLAYERS
    assert errors(outputs)[0] < errors(outputs)[1]
