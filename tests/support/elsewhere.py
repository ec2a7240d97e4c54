"""What a person would do without pytest-portable: carry pickles over, look, carry them back."""

from __future__ import annotations

import os
import pickle
import subprocess
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Elsewhere"]

SCRIPT: Final = Path(__file__).with_name("elsewhere_script.py")


class Elsewhere:
    """A folder of pickles, and what another Python made of them."""

    def __init__(self, folder: Path, executable: str, protocol: int) -> None:
        """Take an empty folder and the other environment's Python."""
        self.folder, self.executable, self.protocol = folder, executable, protocol
        folder.mkdir()

    def put(
        self, name: str, obj: object, method: str | None = None, arguments: Sequence[Any] = ()
    ) -> None:
        """Dump an object, and a method that is called there with plain arguments."""
        (self.folder / f"{name}.pkl").write_bytes(pickle.dumps(obj, self.protocol))
        if method is not None:
            # Arguments travel in the one form that every NumPy reads: the object is the subject.
            asked = pickle.dumps((method, arguments, 0), 2)
            (self.folder / f"{name}.ask").write_bytes(asked)

    def run(self, modules: Iterable[str]) -> None:
        """Let the other Python do its part."""
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        subprocess.run(
            [self.executable, "-I", str(SCRIPT), str(self.folder), *modules],
            check=True,
            env={**os.environ, **threads},
            timeout=120,
        )

    def said(self, name: str) -> str:
        """Tell how far an object came: `done`, or the step that broke and what it raised."""
        file = self.folder / f"{name}.said"
        return file.read_text("utf-8") if file.exists() else "the process died"

    def answer(self, name: str) -> Any:
        """Give what the method returned there."""
        import numpy as np

        return np.load(self.folder / f"{name}.npy", allow_pickle=True)

    def back(self, name: str) -> Any:
        """Load what was dumped there."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return pickle.loads((self.folder / f"{name}.back").read_bytes())
