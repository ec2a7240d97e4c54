"""Records and what people write with classes: SQLAlchemy, pydantic, msgspec, Django, Box, units, dates, symbols."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "models"))

import box
import msgspec
import pendulum
import pint
import pydantic
import sqlalchemy as sa
import sympy
import tables
from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.timezone import get_fixed_timezone
from django.utils.translation import gettext_lazy
from rows import Row, judge, main
from sqlalchemy import orm

THREE = ("pickle", "dill", "cloudpickle")
OWN = ("tables",)
UNITS = pint.get_application_registry()
x, y = sympy.symbols("x y")
f = sympy.Function("f")


def every(what):
    return dict.fromkeys(THREE, what)


def texts(one, two):
    return str(one) == str(two) and type(one) is type(two)


def reprs(one, two):
    return repr(one) == repr(two) and type(one) is type(two)


def columns(one, two):
    """Compare mapped instances as SQLAlchemy sees them: loaded values and persistence."""
    one, two = sa.inspect(one), sa.inspect(two)
    return one.dict.keys() - {"orders", "user"} == two.dict.keys() - {"orders", "user"} and all(
        one.dict[name] == two.dict[name]
        for name in one.dict
        if not name.startswith(("_", "order", "user"))
    )


def session():
    engine = sa.create_engine("sqlite://")
    tables.Base.metadata.create_all(engine)
    found = orm.Session(engine)
    user = tables.User(name="ann", orders=[tables.Order(amount=1.5), tables.Order(amount=2.5)])
    found.add(user)
    found.commit()
    return found


def from_database():
    found = session().scalars(sa.select(tables.User)).one()
    found.name, found.orders
    return found


def detached():
    with session() as opened:
        found = opened.scalars(sa.select(tables.User)).one()
        opened.expunge_all()
        return found


def rows():
    return session().execute(sa.select(tables.User.id, tables.User.name)).all()


def statement():
    return sa.select(tables.User).where(tables.User.name == "ann", tables.User.id > 1).limit(3)


def metadata():
    found = sa.MetaData()
    sa.Table(
        "t",
        found,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(20), nullable=False, index=True),
    )
    return found


def same_tables(one, two):
    return [reprs(a, b) for a, b in zip(one.sorted_tables, two.sorted_tables, strict=True)]


def boxed(**options):
    return box.Box({"a": {"b": [1, {"c": 2}]}}, **options)


def read(found):
    found.a.b[1].c
    return found


def query():
    found = QueryDict("a=1&a=2&b=3", mutable=True)
    found["c"] = "4"
    return found


def person():
    return tables.Person(
        name="ann",
        born=dt.date(2000, 1, 2),
        addresses=[tables.Address(street="x", number=3)],
        colour=tables.Colour.BLUE,
        nickname="extra",
    )


def seen():
    found = person()
    found._seen = 4
    return found


# Names of bound values have an address in them: another one whenever it is made.
BY_ID = {"all": "mismatch"}
ASKED_BY_IS = (
    "compare mismatch",
    "SQLAlchemy asks whether a type `is NULLTYPE`, and what was loaded has a type of its own",
)
# Every load leaves a mark of its own in the box.
ADDED = {"all": "mismatch"}

ROWS = [
    Row("sqlalchemy", "new instance", lambda: tables.User(id=1, name="a"), columns, ships=OWN),
    Row("sqlalchemy", "loaded instance", from_database, columns, ships=OWN),
    Row("sqlalchemy", "detached instance", detached, columns, ships=OWN),
    Row("sqlalchemy", "rows", rows),
    Row(
        "sqlalchemy",
        "statement of mapped classes",
        statement,
        texts,
        ships=OWN,
        fails=every("dump unserializable"),
    ),
    Row(
        "sqlalchemy",
        "statement of tables",
        lambda: sa.select(metadata().tables["t"].c.name).limit(3),
        texts,
        notes=BY_ID,
    ),
    Row(
        "sqlalchemy",
        "expression",
        lambda: sa.column("a") + 1 > sa.literal(3),
        texts,
        strict=every(ASKED_BY_IS),
    ),
    Row(
        "sqlalchemy",
        "text",
        lambda: sa.text("select :a").bindparams(a=1),
        texts,
        strict=every(ASKED_BY_IS),
    ),
    Row("sqlalchemy", "metadata", metadata, same_tables),
    Row("sqlalchemy", "type", lambda: sa.Numeric(10, 2), reprs),
    Row("sqlalchemy", "address", lambda: sa.make_url("sqlite:///a.db?timeout=3")),
    Row(
        "sqlalchemy",
        "engine",
        lambda: sa.create_engine("sqlite://"),
        fails=every("dump unserializable"),
    ),
    Row("sqlalchemy", "session", session, fails=every("dump unserializable")),
    Row(
        "sqlalchemy", "error", lambda: sa.exc.IntegrityError("s", {"a": 1}, ValueError("x")), texts
    ),
    Row("pydantic", "model", person, ships=OWN),
    Row(
        "pydantic",
        "model with a private attribute",
        seen,
        lambda a, b: a == b and b._seen == 4,
        ships=OWN,
    ),
    Row("pydantic", "frozen model in a set", lambda: {tables.Frozen(key="a")}, ships=OWN),
    Row(
        "pydantic",
        "discriminated union",
        lambda: tables.Pet(pet={"kind": "dog", "tricks": ["sit"]}),
        ships=OWN,
    ),
    Row(
        "pydantic",
        "generic model",
        lambda: tables.Page[int](items=[1, 2]),
        ships=OWN,
        fails={"pickle": "dump unserializable", "dill": "dump unserializable"},
        # There, `isinstance(obj, tables.Page[int])` is false.
        notes={"cloudpickle": "mismatch"},
    ),
    Row("pydantic", "root model", lambda: tables.Numbers([1, 2]), ships=OWN),
    Row("pydantic", "dataclass", lambda: tables.Point(1), ships=OWN),
    Row(
        "pydantic",
        "secret and address",
        lambda: tables.Secretive(word="w", where="http://h/x"),
        ships=OWN,
    ),
    Row(
        "pydantic",
        "constructed without validation",
        lambda: tables.Person.model_construct(name=3),
        ships=OWN,
    ),
    Row("pydantic", "class", lambda: tables.Person, lambda a, b: a is b, ships=OWN),
    Row("pydantic", "undefined", lambda: pydantic.fields.PydanticUndefined, lambda a, b: a is b),
    Row(
        "pydantic",
        "model made at run time",
        lambda: pydantic.create_model("Made", a=(int, 1))(a=2),
        reprs,
        fails={"pickle": "dump unserializable"},
        serializers=("pickle",),
    ),
    Row("msgspec", "struct", lambda: tables.Event("e", 1.5, ["t"]), ships=OWN),
    Row("msgspec", "frozen struct as key", lambda: {tables.Key(1): "v"}, ships=OWN),
    Row(
        "msgspec",
        "UNSET",
        lambda: [msgspec.UNSET, msgspec.NODEFAULT],
        lambda a, b: a[0] is b[0] and a[1] is b[1],
    ),
    Row("msgspec", "raw", lambda: msgspec.Raw(b'{"a":1}')),
    # Its class is made anew whenever one is made or loaded: what it says is what it is.
    Row("django", "lazy text", lambda: gettext_lazy("hello"), lambda a, b: str(a) == str(b)),
    Row(
        "django",
        "lazy texts in a dict",
        lambda: {"k": [gettext_lazy("a"), gettext_lazy("b")]},
        texts,
    ),
    Row(
        "django",
        "lazy object",
        lambda: SimpleLazyObject(lambda: [1, 2]),
        lambda a, b: list(a) == list(b),
        strict=every(
            ("compare mismatch", "what it wraps is sent, so the wrapper does not come back")
        ),
    ),
    Row("django", "safe text", lambda: mark_safe("<b>")),
    Row("django", "query dict", query, fails=every("load load-hook")),
    Row("django", "multi-value dict", lambda: MultiValueDict({"a": [1, 2]})),
    Row("django", "Q", lambda: Q(a=1) | ~Q(b__gt=2)),
    Row("django", "F", lambda: F("a") + 1),
    Row(
        "django",
        "error",
        lambda: ValidationError({"a": ["bad"]}, code="c"),
        lambda a, b: a.message_dict == b.message_dict,
    ),
    Row("django", "errors of a form", lambda: ErrorDict(a=["bad"])),
    Row(
        "django",
        "zone",
        lambda: get_fixed_timezone(90),
        lambda a, b: a.utcoffset(None) == b.utcoffset(None),
    ),
    Row("pendulum", "point in time", lambda: pendulum.datetime(2024, 5, 1, 12, tz="Europe/Berlin")),
    # It comes back an hour earlier; its own `==` reads the clock and not the point in time.
    Row(
        "pendulum",
        "ambiguous hour",
        lambda: pendulum.datetime(2024, 10, 27, 2, 30, tz="Europe/Berlin", fold=1),
        lambda a, b: a.timestamp() == b.timestamp(),
        fails=every("compare mismatch"),
    ),
    Row(
        "pendulum",
        "fold without meaning",
        lambda: pendulum.datetime(2024, 5, 1, 12, tz="Europe/Berlin", fold=1),
        lambda a, b: a.timestamp() == b.timestamp(),
    ),
    Row("pendulum", "with an offset", lambda: pendulum.parse("2024-05-01T12:00:00+02:00")),
    Row("pendulum", "date", lambda: pendulum.date(2024, 5, 1)),
    Row("pendulum", "time", lambda: pendulum.time(12, 30)),
    Row("pendulum", "duration", lambda: pendulum.duration(days=2, hours=3), reprs),
    Row("pendulum", "duration of years", lambda: pendulum.duration(years=1)),
    Row(
        "pendulum",
        "interval",
        lambda: pendulum.datetime(2024, 5, 1) - pendulum.datetime(2024, 1, 1),
        reprs,
    ),
    Row("pendulum", "zone", lambda: pendulum.timezone("Asia/Tokyo"), texts),
    Row("pint", "quantity", lambda: 3.5 * UNITS.meter / UNITS.second),
    Row("pint", "unit", lambda: UNITS.kilogram),
    Row(
        "pint",
        "quantities in a dict",
        lambda: {"a": [1 * UNITS.inch, UNITS.Quantity(2, "degC")]},
        reprs,
    ),
    Row("pint", "dimensionality", lambda: (1 * UNITS.newton).dimensionality),
    Row("pint", "error", lambda: pint.DimensionalityError("a", "b"), texts),
    Row("python-box", "box", boxed, notes=ADDED),
    Row("python-box", "read box", lambda: read(boxed()), notes=ADDED),
    Row("python-box", "box with defaults", lambda: read(boxed(default_box=True)), notes=ADDED),
    Row(
        "python-box",
        "box with dots",
        lambda: boxed(box_dots=True),
        lambda a, b: b["a.b[1].c"] == 2 and a == b,
        notes=ADDED,
    ),
    Row("python-box", "frozen box", lambda: boxed(frozen_box=True), notes=ADDED),
    Row("python-box", "list", lambda: box.BoxList([{"a": 1}, [2]])),
    Row("python-box", "config", lambda: box.ConfigBox(a="1", b="yes"), notes=ADDED),
    Row("sympy", "expression", lambda: sympy.sin(x) ** 2 + y / 3),
    Row("sympy", "symbol with assumptions", lambda: sympy.Symbol("n", integer=True, positive=True)),
    Row("sympy", "matrix", lambda: sympy.Matrix([[1, x], [y, 2]])),
    Row("sympy", "integral", lambda: sympy.Integral(sympy.exp(-(x**2)), (x, 0, sympy.oo))),
    Row("sympy", "equation", lambda: sympy.Eq(x**2, 4)),
    Row("sympy", "set", lambda: sympy.Interval(0, 1) + sympy.FiniteSet(3)),
    Row("sympy", "polynomial", lambda: sympy.Poly(x**2 + 1, x)),
    Row(
        "sympy", "number", lambda: [sympy.Rational(1, 3), sympy.pi, sympy.Float("1.5", 20), sympy.I]
    ),
    Row("sympy", "logic", lambda: sympy.And(x > 1, sympy.Or(y < 2, sympy.true))),
    Row("sympy", "solution", lambda: sympy.solve(x**2 - 2, x)),
    Row("sympy", "undefined function", lambda: f(x).diff(x), texts),
    Row("sympy", "dummy", lambda: sympy.Dummy("d")),
    Row("sympy", "lambda", lambda: sympy.Lambda(x, x + 1)),
]


def test_verdict(row, serializer, portable):
    judge(row, serializer, portable)


if __name__ == "__main__":
    main(ROWS)
