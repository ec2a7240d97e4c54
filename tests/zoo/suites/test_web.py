"""Libraries of the web: requests and answers, addresses, headers, errors, forms, keys and images."""

from __future__ import annotations

import operator
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent / "models"))

import botocore.config
import botocore.credentials
import botocore.exceptions
import feedparser
import flask
import httpx
import jwt
import marshmallow
import PIL.Image
import requests
import starlette.datastructures
import starlette.exceptions
import werkzeug.datastructures
import werkzeug.exceptions
import werkzeug.routing
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from rows import Row, judge, main


def every(found):
    return dict.fromkeys(("pickle", "dill", "cloudpickle"), found)


def as_error(a, b):
    return type(a) is type(b) and a.args == b.args and str(a) == str(b)


def read(*names):
    def same(a, b):
        return all(getattr(a, name) == getattr(b, name) for name in names)

    return same


def answer():
    made = requests.Response()
    made.status_code, made.reason, made.url = 200, "OK", "https://example.org/a"
    made.headers["Content-Type"] = "application/json"
    made._content, made.encoding = b'{"a": 1}', "utf-8"
    return made


def session():
    made = requests.Session()
    made.headers["X-Token"] = "t"
    made.auth, made.params = ("me", "secret"), {"page": "1"}
    made.cookies.set("a", "1", domain="example.org")
    return made


def prepared():
    return requests.Request("POST", "https://example.org/a", json={"a": 1}).prepare()


def same_session(a, b):
    return read("headers", "auth", "params", "verify")(a, b) and dict(a.cookies) == dict(b.cookies)


def same_prepared(a, b):
    return read("method", "url", "headers", "body")(a, b)


def same_absence(a, b):
    return a.serialize("n", {}) is b.serialize("n", {})


def httpx_answer():
    request = httpx.Request("GET", "https://example.org/a")
    return httpx.Response(200, json={"a": 1}, request=request)


def flask_app():
    app = flask.Flask("shop")
    app.config["DEBUG_LEVEL"] = 3
    return app


FEED = (
    "<rss version='2.0'><channel><title>News</title>"
    "<item><title>One</title><link>https://example.org/1</link></item></channel></rss>"
)


def image(mode="RGB"):
    made = PIL.Image.new(mode, (4, 3))
    made.putpixel((1, 1), 255 if mode == "L" else (255, 0, 10))
    return made


def palette():
    return image().convert("P")


def labelled():
    made = image()
    made.info["author"] = "me"
    return made


def client_error():
    said = {"Error": {"Code": "NoSuchKey", "Message": "gone"}}
    return botocore.exceptions.ClientError(said, "GetObject")


ROWS = [
    # `Response.next` raises there: `_next` is not among what it sends.
    Row(
        "requests",
        "Response",
        answer,
        read("status_code", "headers", "content", "url"),
        notes={"all": "mismatch"},
    ),
    Row("requests", "Session with headers and cookies", session, same_session),
    Row("requests", "PreparedRequest", prepared, same_prepared),
    Row("requests", "CaseInsensitiveDict", lambda: requests.structures.CaseInsensitiveDict(A="1")),
    Row("requests", "ConnectionError", lambda: requests.ConnectionError("no route"), as_error),
    Row("requests", "HTTPBasicAuth", lambda: requests.auth.HTTPBasicAuth("me", "secret")),
    Row("httpx", "URL", lambda: httpx.URL("https://example.org/a?b=1")),
    Row("httpx", "Headers", lambda: httpx.Headers({"Accept": "text/html"})),
    Row("httpx", "QueryParams", lambda: httpx.QueryParams({"a": ["1", "2"]})),
    Row("httpx", "Timeout", lambda: httpx.Timeout(5.0, connect=1.0)),
    Row(
        "httpx",
        "Response",
        httpx_answer,
        read("status_code", "headers", "content"),
        notes={"all": "mismatch"},
    ),
    Row("httpx", "Request", lambda: httpx.Request("GET", "https://a.org"), read("method", "url")),
    Row(
        "httpx",
        "Client",
        lambda: httpx.Client(headers={"A": "1"}),
        read("headers"),
        fails=every("dump unserializable"),
    ),
    Row("httpx", "ConnectError", lambda: httpx.ConnectError("no route"), as_error),
    Row("werkzeug", "MultiDict", lambda: werkzeug.datastructures.MultiDict([("a", 1), ("a", 2)])),
    Row(
        "werkzeug",
        "ImmutableMultiDict",
        lambda: werkzeug.datastructures.ImmutableMultiDict([("a", "1")]),
    ),
    Row("werkzeug", "Headers", lambda: werkzeug.datastructures.Headers([("A", "1"), ("A", "2")])),
    Row("werkzeug", "NotFound", lambda: werkzeug.exceptions.NotFound("no page"), as_error),
    Row(
        "werkzeug",
        "MethodNotAllowed",
        lambda: werkzeug.exceptions.MethodNotAllowed(["GET"], "no"),
        read("valid_methods", "description"),
    ),
    Row("werkzeug", "Rule", lambda: werkzeug.routing.Rule("/a/<int:n>", endpoint="a")),
    Row(
        "flask",
        "Flask",
        flask_app,
        read("import_name", "config"),
        fails={"pickle": "dump unserializable", "cloudpickle": "dump unserializable"},
    ),
    Row("flask", "Response", lambda: flask.Response("hi", 201), read("status_code", "data")),
    Row("starlette", "QueryParams", lambda: starlette.datastructures.QueryParams("a=1&a=2")),
    Row("starlette", "Headers", lambda: starlette.datastructures.Headers({"a": "1"})),
    Row("starlette", "URL", lambda: starlette.datastructures.URL("https://example.org/a")),
    Row(
        "starlette",
        "Secret",
        lambda: starlette.datastructures.Secret("s"),
        lambda a, b: str(a) == str(b),
    ),
    Row(
        "starlette",
        "HTTPException",
        lambda: starlette.exceptions.HTTPException(404, "no page"),
        read("status_code", "detail"),
    ),
    Row("botocore", "ClientError", client_error, read("response", "operation_name")),
    Row(
        "botocore",
        "EndpointConnectionError",
        lambda: botocore.exceptions.EndpointConnectionError(endpoint_url="https://a"),
        read("kwargs"),
    ),
    Row(
        "botocore",
        "Config",
        lambda: botocore.config.Config(retries={"max_attempts": 2}),
        read("retries"),
    ),
    Row(
        "botocore",
        "Credentials",
        lambda: botocore.credentials.Credentials("a", "b"),
        read("access_key", "secret_key"),
    ),
    Row(
        "marshmallow",
        "ValidationError",
        lambda: marshmallow.ValidationError({"age": ["too low"]}),
        read("messages", "data"),
    ),
    # A field that was loaded takes a value that is missing for one that is there: `int()` raises.
    Row(
        "marshmallow",
        "field",
        lambda: marshmallow.fields.Integer(required=True),
        same_absence,
        fails=every("compare mismatch"),
    ),
    Row("PyJWT", "ExpiredSignatureError", lambda: jwt.ExpiredSignatureError("late"), as_error),
    Row(
        "PyJWT",
        "PyJWK",
        lambda: jwt.PyJWK({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
        read("key"),
    ),
    Row(
        "cryptography",
        "private key",
        ed25519.Ed25519PrivateKey.generate,
        fails=every("dump unserializable"),
    ),
    Row(
        "cryptography",
        "public key",
        lambda: ec.generate_private_key(ec.SECP256R1()).public_key(),
        fails=every("dump unserializable"),
    ),
    Row("cryptography", "curve", ec.SECP256R1, lambda a, b: a.name == b.name),
    Row(
        "cryptography",
        "Fernet",
        lambda: Fernet(b"A" * 43 + b"="),
        lambda a, b: b.decrypt(a.encrypt(b"x")) == b"x",
    ),
    Row("feedparser", "feed", lambda: feedparser.parse(FEED), operator.eq),
    Row("Pillow", "image", image),
    Row("Pillow", "grey image", lambda: image("L")),
    Row("Pillow", "image with a palette", palette),
    Row("Pillow", "image with a label", labelled),
]


def test_verdict(row, serializer, portable):
    judge(row, serializer, portable)


if __name__ == "__main__":
    main(ROWS)
