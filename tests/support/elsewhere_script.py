"""The check by hand: what another environment's Python makes of pickles, told in files.

Run as `python elsewhere_script.py FOLDER MODULE...`: the modules are imported once, then every
`NAME.pkl` is loaded in a fork, dumped as `NAME.back`, and asked what `NAME.ask` says: a pickled
method, its arguments and a seed. The answer is `NAME.npy`, what happened is `NAME.said`. Nothing of
pytest-portable is used here, and nothing newer than Python 3.8.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pathlib
import pickle
import random
import sys
import warnings


def run(payload: pathlib.Path) -> str:
    """Take one object through all steps; return how far it came."""
    step, asked = "load", payload.with_suffix(".ask")
    try:
        data = payload.read_bytes()
        obj = pickle.loads(data)
        step = "dump"
        payload.with_suffix(".back").write_bytes(pickle.dumps(obj, data[1]))
        step = "call"
        if asked.exists():
            method, arguments, seed = pickle.loads(asked.read_bytes())
            import numpy as np

            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002 - what estimators draw from
            answer = getattr(obj, method)(*arguments)
            answer = answer.toarray() if hasattr(answer, "toarray") else answer
            np.save(payload.with_suffix(".npy"), np.asarray(answer), allow_pickle=True)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        return "%s: %s: %s" % (step, type(error).__name__, error)  # noqa: UP031 - any Python
    return "done"


def main(folder: str, *modules: str) -> None:
    """Take every object of a folder through all steps."""
    warnings.simplefilter("ignore")
    for module in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(module)
    for payload in sorted(pathlib.Path(folder).glob("*.pkl")):
        child = os.fork()
        if child:
            os.waitpid(child, 0)
        else:
            payload.with_suffix(".said").write_text(run(payload), "utf-8")
            os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
