"""Objects that raise whatever they are asked: a module that both sides import.

`OBJECTS` makes an object by the name of what it does. Its classes raise on the sides that
`armed` names, and only when everything is made: `RUDE_THERE` in the environment says where we are.
"""

from __future__ import annotations

__all__ = ["SOURCE"]

SOURCE = '''
import os, sys, types, weakref

THERE = "RUDE_THERE" in os.environ

class Rude(BaseException):
    pass

class RudeEnd(Exception):
    """An exception that cannot be told either."""
    def __str__(self):
        raise Rude("in the text of an exception")
    __repr__ = __str__
    @property
    def args(self):
        raise Rude("in the arguments of an exception")

KINDS = {kind.__name__: kind for kind in (
    Exception, Rude, RudeEnd, KeyboardInterrupt, SystemExit, GeneratorExit, RecursionError,
    MemoryError, StopIteration, AttributeError,
)}

# Which sides raise, and what; `there` may be set while a target imports this.
STATE = {"sides": os.environ.get("RUDE_SIDES", ""), "kind": os.environ.get("RUDE_KIND", "")}

def be_rude():
    if ("there" if THERE else "here") in STATE["sides"]:
        raise KINDS[STATE["kind"]]("rude")

def remade(kind, state):
    made = object.__new__(kind)
    object.__getattribute__(made, "__dict__").update(state)
    return made

def plain_reduce(self, protocol=None):
    kind = type(self)
    return remade, (kind, dict(object.__getattribute__(self, "__dict__")))

NEEDED = {"__reduce_ex__", "__reduce__", "__class__", "__dict__", "__setstate__", "__getstate__"}

def method(name):
    plain = getattr(object, name, None)
    def hook(self, *args, **keywords):
        be_rude()
        if name in ("__len__", "__hash__", "__length_hint__"):
            return 0
        if name in ("__iter__", "__dir__", "__reversed__"):
            return iter(())
        if name == "__bool__":
            return True
        if name in ("__int__", "__index__"):
            return 1
        if name == "__float__":
            return 1.0
        if name in ("__setstate__", "__reduce__", "__reduce_ex__", "__getstate__"):
            return REAL[name](self, *args)
        if name == "__eq__":
            return type(self) is type(args[0])
        if name == "__ne__":
            return type(self) is not type(args[0])
        if name in ("__getattr__",):
            raise AttributeError(args[0])
        return plain(self, *args) if plain is not None else None
    hook.__name__ = hook.__qualname__ = name
    return hook

REAL = {
    "__setstate__": lambda self, state: self.__dict__.update(state),
    "__getstate__": lambda self: dict(self.__dict__),
    "__reduce__": lambda self: object.__reduce_ex__(self, 2)
        if type(self).__reduce__ is object.__reduce__ else plain_reduce(self),
    "__reduce_ex__": lambda self, protocol: plain_reduce(self),
}

HOOKS = (
    "__repr__ __str__ __format__ __eq__ __ne__ __hash__ __bool__ __len__ __iter__ __dir__ "
    "__getattr__ __contains__ __getitem__ __lt__ __call__ __reduce__ __reduce_ex__ __getstate__ "
    "__setstate__ __sizeof__ __int__ __index__ __float__ __length_hint__ __reversed__ __bytes__ "
    "__fspath__ __copy__ __deepcopy__ __array__ __array_interface__ __del__ __delattr__ "
    "__setattr__ __enter__ __await__ __next__ __get__ __set_name__"
).split()

PROPERTIES = (
    "__class__ __name__ __doc__ __annotations__ "
    "__wrapped__ __func__ __self__ __code__ __globals__ __file__ __members__ __array__ "
    "__dataclass_fields__ __attrs_attrs__ __pydantic_fields__ __fields__ _fields shape dtype "
    "tobytes columns value name names args exceptions __cause__ __notes__ __objclass__ "
    "__getnewargs__ __getnewargs_ex__ __getinitargs__ __weakref__ __mro__ __bases__ __eq__ __iter__"
).split()

META_HOOKS = (
    "__repr__ __eq__ __hash__ __bool__ __len__ __iter__ __dir__ __getattr__ __getattribute__ "
    "__instancecheck__ __subclasscheck__ __subclasses__ __contains__ __getitem__ __call__ mro"
).split()

META_PROPERTIES = (
    "__name__ __module__ __mro__ __bases__ __dict__ __doc__ __class__ "
    "__annotations__ __members__ _fields __dataclass_fields__ __flags__ __dictoffset__ "
    "__abstractmethods__ __reduce__ __reduce_ex__ __eq__ __hash__ __repr__ __subclasshook__"
).split()

def asked(name):
    def ask(self):
        be_rude()
        if name in ("__class__",):
            return type(self)
        if name == "__dict__":
            return object.__getattribute__(self, "__dict__")
        raise AttributeError(name)
    return property(ask)

def asked_of_class(name):
    def ask(self):
        be_rude()
        return type.__getattribute__(self, name)
    return property(ask)

CLASSES = {}

def keep(label, kind):
    kind.__qualname__ = kind.__name__ = "C%d" % len(CLASSES)
    globals()[type.__dict__["__name__"].__get__(kind)] = kind
    CLASSES[label] = kind

def space(**held):
    return {"__module__": __name__, **held}

for name in HOOKS:
    keep("hook " + name, type("X", (), space(**{name: method(name)})))
for name in PROPERTIES:
    held = {name: asked(name)}
    keep("property " + name, type("X", (), space(**held)))

def get_all(self, name):
    be_rude()
    return object.__getattribute__(self, name)

def get_some(self, name):
    if name not in NEEDED:
        be_rude()
    return object.__getattribute__(self, name)

keep("__getattribute__", type("X", (), space(__getattribute__=get_all)))
keep("__getattribute__ but for pickle", type("X", (), space(__getattribute__=get_some)))
keep("__getattribute__ with its own reducer",
     type("X", (), space(__getattribute__=get_some, __reduce_ex__=plain_reduce)))

class Descriptor:
    def __get__(self, obj, kind=None):
        be_rude()
        return 1
    def __set__(self, obj, value):
        be_rude()

keep("descriptor", type("X", (), space(part=Descriptor())))
keep("every attribute is a property", type("X", (), space(**{
    name: asked(name) for name in ("a", "b", "_c", "value", "name", "shape", "size", "data")})))
keep("slots", type("X", (), space(__slots__=("a", "b"), __getattr__=method("__getattr__"))))
keep("dict", type("X", (dict,), space(**{
    name: method(name) for name in ("__iter__", "__len__", "__getitem__", "__contains__", "items",
                                    "keys", "values", "__eq__", "get")})))
keep("list", type("X", (list,), space(**{
    name: method(name) for name in ("__iter__", "__len__", "__getitem__", "__contains__",
                                    "__eq__", "__reversed__", "index")})))
keep("tuple", type("X", (tuple,), space(**{
    name: method(name) for name in ("__iter__", "__len__", "__getitem__", "__eq__", "__hash__")})))
keep("set", type("X", (set,), space(**{
    name: method(name) for name in ("__iter__", "__len__", "__contains__", "__eq__")})))
keep("str", type("X", (str,), space(**{
    name: method(name) for name in ("__repr__", "__str__", "__len__", "__eq__", "__iter__",
                                    "__getitem__", "encode", "partition", "startswith")})))
keep("int", type("X", (int,), space(**{
    name: method(name) for name in ("__repr__", "__eq__", "__bool__", "__index__", "__int__",
                                    "bit_length")})))
keep("bytes", type("X", (bytes,), space(**{
    name: method(name) for name in ("__repr__", "__eq__", "__len__", "__getitem__")})))
keep("float", type("X", (float,), space(**{
    name: method(name) for name in ("__repr__", "__eq__", "__float__", "__bool__")})))

def meta_hook(name):
    plain = getattr(type, name, None)
    def hook(kind, *args, **keywords):
        be_rude()
        if name in ("__len__",):
            return 0
        if name == "__bool__":
            return True
        if name in ("__iter__",):
            return iter(())
        if name == "__getattr__":
            raise AttributeError(args[0])
        if plain is None:
            return None
        return plain(kind, *args, **keywords)
    return hook

for name in META_HOOKS:
    meta = type("Meta", (type,), {name: meta_hook(name)})
    keep("metaclass " + name, meta("X", (), space()))
for name in META_PROPERTIES:
    meta = type("Meta", (type,), {name: asked_of_class(name)})
    kind = meta("X", (), {"__module__": __name__})
    label = "X%d" % len(CLASSES)
    type.__setattr__(kind, "__qualname__", label) if name != "__qualname__" else None
    type.__dict__["__qualname__"].__set__(kind, label)
    type.__dict__["__name__"].__set__(kind, label)
    globals()[label] = kind
    CLASSES["metaclass property " + name] = kind

def error_class(held, base=Exception):
    return type("E", (base,), {"__module__": __name__, **held})

ERRORS = {}
def keep_error(label, kind):
    kind.__name__ = kind.__qualname__ = "E%d" % len(ERRORS)
    globals()[kind.__name__] = kind
    ERRORS[label] = kind

for name in ("__str__", "__repr__", "__eq__", "__hash__", "__reduce__", "__reduce_ex__",
             "__setstate__", "__getattr__", "__bool__", "__len__", "with_traceback", "add_note"):
    held = {name: method(name)}
    if name == "__reduce__":
        held = {name: lambda self: (be_rude(), BaseException.__reduce__(self))[1]}
    if name == "__reduce_ex__":
        held = {name: lambda self, n: (be_rude(), BaseException.__reduce_ex__(self, n))[1]}
    if name == "__setstate__":
        held = {name: lambda self, state: (be_rude(), BaseException.__setstate__(self, state))[1]}
    if name in ("__str__", "__repr__"):
        held = {name: lambda self: (be_rude(), "text")[1]}
    keep_error("hook " + name, error_class(held))
for name in ("args", "__traceback__", "__cause__", "__context__", "__suppress_context__",
             "__notes__", "__dict__", "__class__", "exceptions", "name", "obj", "filename", "errno",
             "code", "value", "message"):
    def ask(self, name=name):
        be_rude()
        return BaseException.__getattribute__(self, name)
    held = {name: property(ask, lambda self, value: None)}
    keep_error("property " + name, error_class(held))
    keep_error("OSError property " + name, error_class(held, OSError))
    keep_error("NameError property " + name, error_class(held, NameError))
def error_get(self, name):
    be_rude()
    return BaseException.__getattribute__(self, name)
keep_error("__getattribute__", error_class({"__getattribute__": error_get}))
for name in ("__name__", "__module__", "__mro__", "__bases__", "__dict__"):
    meta = type("Meta", (type,), {name: asked_of_class(name)})
    kind = meta("E", (Exception,), {"__module__": __name__})
    label = "E%d" % len(ERRORS)
    type.__dict__["__qualname__"].__set__(kind, label)
    type.__dict__["__name__"].__set__(kind, label)
    globals()[label] = kind
    ERRORS["metaclass " + name] = kind
for name in ("__instancecheck__", "__subclasscheck__", "__getattribute__", "__eq__", "__hash__",
             "__bool__"):
    meta = type("Meta", (type,), {name: meta_hook(name)})
    kind = meta("E", (Exception,), {"__module__": __name__})
    label = "E%d" % len(ERRORS)
    type.__dict__["__qualname__"].__set__(kind, label)
    type.__dict__["__name__"].__set__(kind, label)
    globals()[label] = kind
    ERRORS["metaclass " + name] = kind

def throw(label, how):
    kind = ERRORS[label]
    base = type.__dict__["__mro__"].__get__(kind)[1]
    made = base.__new__(kind, "told", 1)  # it is not called: a metaclass may refuse that
    base.__init__(made, "told", 1)
    if how == "cause":
        try:
            raise made
        except kind as inner:
            raise ValueError("outer") from inner
    raise made

class Lazy(types.ModuleType):
    def __getattribute__(self, name):
        be_rude()
        return types.ModuleType.__getattribute__(self, name)

class Replaced:
    """Stands in sys.modules in place of a module."""
    def __getattribute__(self, name):
        be_rude()
        raise AttributeError(name)

def make(label):
    """Return an object; it is rude from now on."""
    kind = CLASSES[label]
    base = next(b for b in type.__dict__["__mro__"].__get__(kind)[1:])
    made = base.__new__(kind)
    if base is object and "slots" not in label:
        object.__getattribute__(made, "__dict__").update(part=1, other="text") if (
            "descriptor" not in label) else None
    return made

def same(value):
    return value

def of(value):
    return [type.__dict__["__name__"].__get__(type(value))]

def give(label):
    return make(label)
'''
