"""Clean programs as modules, to ask their functions one by one."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from grader.scenarios.library import HOME


@pytest.fixture
def program_of() -> Iterator[Callable[[str], ModuleType]]:
    """Return the clean program of a scenario folder as a module."""
    loaded: list[str] = []

    def load(folder: str) -> ModuleType:
        name = f"clean_{folder}"
        spec = importlib.util.spec_from_file_location(name, HOME / folder / "program.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loaded.append(name)
        spec.loader.exec_module(module)
        return module

    yield load
    for name in loaded:
        del sys.modules[name]
