"""The page of the shipped model, served by the command itself."""

from collections.abc import Iterator

import pytest
from served import Served

pytest.importorskip("starlette", reason="needs the [app] extra")
pytest.importorskip("uvicorn", reason="needs the [app] extra")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One for all tests, which leaves nothing on disk."""
    running = Served(tmp_path_factory.mktemp("temporary"))
    yield running
    assert "stopped" in running.end()
    assert list(running.temporary.glob("speechdis-*")) == []
