"""Classes as users write them in modules of their own, with SQLAlchemy, pydantic, msgspec, Django."""

from __future__ import annotations

import datetime as dt  # noqa: TC003 - pydantic reads the annotations
import decimal
import enum
from typing import Annotated, Generic, Literal, TypeVar

import django
import msgspec
import pydantic
import sqlalchemy as sa
from django.conf import settings
from sqlalchemy import orm

if not settings.configured:
    settings.configure(USE_I18N=True, SECRET_KEY="zoo", INSTALLED_APPS=[])
    django.setup()


class Base(orm.DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    name: orm.Mapped[str]
    orders: orm.Mapped[list[Order]] = orm.relationship(back_populates="user")


class Order(Base):
    __tablename__ = "order"
    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    amount: orm.Mapped[float]
    user_id: orm.Mapped[int] = orm.mapped_column(sa.ForeignKey("user.id"))
    user: orm.Mapped[User] = orm.relationship(back_populates="orders")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Address(pydantic.BaseModel):
    street: str
    number: int = 1


class Person(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str
    born: dt.date | None = None
    addresses: list[Address] = []
    colour: Colour = Colour.RED
    balance: decimal.Decimal = decimal.Decimal("1.50")
    _seen: int = pydantic.PrivateAttr(default=0)


class Frozen(pydantic.BaseModel, frozen=True):
    key: Annotated[str, pydantic.Field(min_length=1)]


class Cat(pydantic.BaseModel):
    kind: Literal["cat"] = "cat"
    lives: int = 9


class Dog(pydantic.BaseModel):
    kind: Literal["dog"] = "dog"
    tricks: list[str] = []


class Pet(pydantic.BaseModel):
    pet: Annotated[Cat | Dog, pydantic.Field(discriminator="kind")]


Item = TypeVar("Item")


class Page(pydantic.BaseModel, Generic[Item]):
    items: list[Item]


class Numbers(pydantic.RootModel[list[int]]):
    pass


@pydantic.dataclasses.dataclass
class Point:
    x: int
    y: int = 2


class Event(msgspec.Struct):
    name: str
    at: float = 0.0
    tags: list[str] = []


class Key(msgspec.Struct, frozen=True, tag=True):
    value: int


class Secretive(pydantic.BaseModel):
    word: pydantic.SecretStr
    where: pydantic.HttpUrl
