"""One distribution in two versions, 2.0 on the host and 1.0 in the targets: what may differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["here", "there"]

# Module of the package -> source here, source there; one text for both where nothing differs.
_MODULES: dict[str, tuple[str, str]] = {
    "__init__": ("", ""),
    "named": ("class Widget:\n    pass\n", "class Gadget:\n    pass\n"),
    "gone": ("class Thing:\n    pass\n", ""),
    "tuples": (
        "import collections\nPair = collections.namedtuple('Pair', 'x y')\n",
        "import collections\nPair = collections.namedtuple('Pair', 'x y z')\n",
    ),
    "enums": (
        "import enum\nclass Color(enum.Enum):\n    RED = 1\n    BLUE = 3\n",
        "import enum\nclass Color(enum.Enum):\n    RED = 1\n",
    ),
    "states": (
        (
            "class Mean:\n    def __getstate__(self): return 1.0, 2.0\n"
            "    def __setstate__(self, state): self.mean = state\n"
        ),
        "class Mean:\n    pass\n",
    ),
    "kinds": ("class Job:\n    pass\n", "def Job():\n    return 1\n"),
    "matching": ("class C:\n    pass\ndef f(x):\n    match x:\n        case _: pass\n",) * 2,
    "slots": (
        "class Point:\n    def __init__(self): self.x = 1; self.y = 2\n",
        "class Point:\n    __slots__ = ('x',)\n",
    ),
    "state": (
        (
            "class Model:\n    def __init__(self): self.coef = 2\n"
            "    def predict(self, x): return self.coef * x\n"
        ),
        (
            "class Model:\n    def __init__(self): self.coef = 2; self.positive = True\n"
            "    def predict(self, x): return self.coef * x if self.positive else 0\n"
        ),
    ),
    # Loads and runs on both sides, and answers otherwise.
    "answers": (
        (
            "class Model:\n    def __init__(self): self.coef = 2\n"
            "    def predict(self, x): return self.coef * x\n"
        ),
        (
            "class Model:\n    def __init__(self): self.coef = 2\n"
            "    def predict(self, x): return self.coef * x + 1\n"
        ),
    ),
    # What the other version dumps and raises, this one has not.
    "returns": (
        "class Model:\n    pass\ndef refuse():\n    raise ValueError\n",
        (
            "class Old:\n    pass\nclass Model:\n    def __reduce__(self): return Old, ()\n"
            "class OldError(Exception):\n    pass\ndef refuse():\n    raise OldError(1)\n"
        ),
    ),
    # As NumPy's `finfo`: defined otherwise there, and it loads on neither side.
    "nowhere": (
        (
            "class Model:\n    def __new__(cls, size): return object.__new__(cls)\n"
            "    @classmethod\n    def made(cls): return cls(1)\n"
        ),
        "class Model:\n    def __new__(cls, size): return object.__new__(cls)\n    more = 1\n",
    ),
    # What the other version makes of the state comes back.
    "rounds": (
        "class Model:\n    def __init__(self): self.coef = 2.5\n",
        (
            "class Model:\n    def __init__(self): self.coef = 2.5\n"
            "    def __setstate__(self, state): self.coef = round(state['coef'])\n"
        ),
    ),
    # As scikit-learn's `_loss`: a module of the distribution that is known by a bare name.
    "bare": (
        (
            "import importlib.util, pathlib, sys\n"
            "spec = importlib.util.spec_from_file_location("
            "'bare_of_sides', pathlib.Path(__file__).with_name('named.py'))\n"
            "module = sys.modules['bare_of_sides'] = importlib.util.module_from_spec(spec)\n"
            "spec.loader.exec_module(module)\nWidget = module.Widget\n"
        ),
        "",
    ),
    "makers": ("def make(kind, size):\n    return [kind] * size\n",) * 2,
    "variables": (
        (
            "import os, sys\nclass Reads:\n"
            "    def __setstate__(self, state): self.home = os.environ['SIDES_HOME']\n"
            "    def __getstate__(self): return {'a': 1}\n"
            "class Asks:\n"
            "    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state):\n"
            "        if os.environ.get('SIDES_HOME') is None: raise RuntimeError('no home')\n"
            "class Shows:\n"
            "    def __getstate__(self): return {'place': sys.prefix}\n"
            "    def __setstate__(self, state):\n"
            "        width = os.environ.get('COLUMNS')\n"
            "        if state['place'] != sys.prefix: raise RuntimeError('elsewhere')\n"
        ),
    )
    * 2,
    "sockets": (
        (
            "import socket\n"
            "class Connects:\n    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state): socket.create_connection(('127.0.0.1', 9), 5)\n"
        ),
    )
    * 2,
    "files": (
        (
            "class Opens:\n    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state): open('weights.bin').close()\n"
        ),
    )
    * 2,
    "points": (
        (
            "from importlib.metadata import entry_points\nclass Codec:\n"
            "    def __getstate__(self): return {'name': 'fast'}\n"
            "    def __setstate__(self, state):\n"
            "        found = entry_points()\n"
            "        every = found.get('sides.codecs', ()) if hasattr(found, 'get') else "
            "found.select(group='sides.codecs')\n"
            "        if 'fast' not in {each.name for each in every}:\n"
            "            raise LookupError('no codec %r in sides.codecs' % state['name'])\n"
            "def fast():\n"
            "    found = entry_points()\n"
            "    every = found.get('sides.codecs', ()) if hasattr(found, 'get') else "
            "found.select(group='sides.codecs')\n"
            "    return [each for each in every if each.name == 'fast'][0].name\n"
        ),
    )
    * 2,
    "needy": ("class Needy:\n    pass\n", "import pluggy\nclass Needy:\n    pass\n"),
    "lazy": (
        (
            "def late(x):\n    import pluggy\n    return pluggy.__name__\n"
            "def told(x):\n    try:\n        import pluggy\n    except ImportError:\n"
            "        raise RuntimeError('install sides[late]')\n    return pluggy.__name__\n"
            "class Late:\n    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state): import pluggy\n"
        ),
    )
    * 2,
    "hooks": (
        (
            "class Text(str):\n    def __new__(cls, text, unit):\n"
            "        made = super().__new__(cls, text); made.unit = unit; return made\n"
            "class Refuses:\n    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state): raise ValueError('refused')\n"
            "class Node:\n    def __init__(self, name): self.name = name; self.friends = set()\n"
            "    def __hash__(self): return hash(self.name)\n"
            "    def __eq__(self, other): return self.name == other.name\n"
            "class Endless:\n    def __init__(self): self.inner = {}\n"
            "    def __getstate__(self): return vars(self)\n"
            "    def __getattr__(self, name): return self.inner[name]\n"
        ),
    )
    * 2,
    "ends": (
        (
            "import os, time\nclass Exits:\n    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state): os._exit(0)\n"
            "class Kills:\n    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state): os.kill(os.getpid(), 9)\n"
            "class Sleeps:\n    def __getstate__(self): return {'a': 1}\n"
            "    def __setstate__(self, state): time.sleep(60)\n"
        ),
    )
    * 2,
    "modern": ("class Walrus:\n    pass\n", "class Walrus:\n    match = 1\n"),
}


def here(folder: Path) -> None:
    """Lay out version 2.0 and its metadata, and a plug-in that no target has."""
    package = folder / "sides"
    package.mkdir(parents=True)
    for name, (source, _) in _MODULES.items():
        (package / f"{name}.py").write_text(source, "utf-8")
    record = "".join(f"sides/{name}.py,,\n" for name in _MODULES)
    _metadata(folder / "sides-2.0.dist-info", "sides", "2.0", record)
    plug = folder / "sidesplug-1.0.dist-info"
    _metadata(plug, "sidesplug", "1.0", "")
    (plug / "entry_points.txt").write_text("[sides.codecs]\nfast = sidesplug:x\n", "utf-8")


def _metadata(folder: Path, name: str, version: str, record: str) -> None:
    folder.mkdir()
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (folder / "METADATA").write_text(text, "utf-8")
    (folder / "RECORD").write_text(record, "utf-8")


def there(folder: Path) -> Path:
    """Return a wheel of version 1.0."""
    modules = {
        f"sides/{name}.py": source for name, (_, source) in _MODULES.items() if name != "gone"
    }
    return make_wheel(folder, "sides", "1.0", modules)
