"""Texts, times, languages and what a terminal shows."""

from __future__ import annotations

import datetime as dt
import operator

import arrow
import babel
import babel.dates
import babel.messages
import babel.support
import bs4
import click
import dateutil.parser
import dateutil.relativedelta
import dateutil.rrule
import dateutil.tz
import faker
import jinja2
import jsonschema
import lark
import loguru
import lxml.etree
import lxml.html
import markdown_it
import markupsafe
import nltk
import nltk.tokenize
import parsimonious
import phonenumbers
import pygments.lexers
import pyparsing
import pytz
import referencing
import referencing.jsonschema
import regex
import rich.console
import rich.style
import rich.table
import rich.text
import ruamel.yaml
import structlog
import tenacity
import tokenizers
import tokenizers.models
import tokenizers.pre_tokenizers
import tomlkit
import whenever
import yaml
from rows import Row, judge, main

THREE = ("pickle", "dill", "cloudpickle")
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


NESTED = (
    "compare mismatch",
    "dill makes a named tuple that stands in a class once more: it is no instance of that class",
)
SENTINEL = (
    "compare mismatch",
    "`_unset` is compared by `is`, and a copy of it came back; here only in `args`",
)


def every(what):
    return dict.fromkeys(THREE, what)


def texts(one, two):
    return str(one) == str(two) and type(one) is type(two)


def reprs(one, two):
    return repr(one) == repr(two) and type(one) is type(two)


def drawn(one, two):
    found = []
    for side in (one, two):
        console = rich.console.Console(width=60, record=True, file=open("/dev/null", "w"))
        console.print(side)
        found.append(console.export_text())
    return found[0] == found[1]


def table():
    found = rich.table.Table("a", "b", title="t")
    found.add_row("1", "[bold]2[/]")
    return found


def catalog():
    found = babel.messages.Catalog(locale="de")
    found.add("hello", "hallo", locations=[("a.py", 3)])
    return found


def command():
    @click.command()
    @click.option("--count", default=1, type=click.IntRange(1, 5))
    def hello(count):
        click.echo(count)

    return hello


def yaml_document():
    return ruamel.yaml.YAML().load("# top\na: 1  # one\nb: [x, 'y']\n")


def dumped(one, two):
    import io

    found = []
    for side in (one, two):
        file = io.StringIO()
        ruamel.yaml.YAML().dump(side, file)
        found.append(file.getvalue())
    return found[0] == found[1]


def tree():
    return nltk.Tree.fromstring("(S (NP I) (VP (V saw) (NP him)))")


def faked():
    found = faker.Faker("de_DE")
    found.seed_instance(4)
    return found


GRAMMAR = 'start: WORD ("," WORD)*\n%import common.WORD\n%ignore " "'


def cached_rule():
    rule = dateutil.rrule.rrule(
        dateutil.rrule.DAILY, count=3, dtstart=dt.datetime(2024, 1, 1), cache=True
    )
    assert len(list(rule)) == 3
    return rule


ROWS = [
    Row("arrow", "Arrow", lambda: arrow.get(2024, 2, 29, tzinfo="Europe/Berlin")),
    Row("arrow", "Arrow in UTC", lambda: arrow.get("2024-01-01T00:00:00+00:00")),
    Row("arrow", "TimeFactory", arrow.ArrowFactory, lambda a, b: a.type is b.type),
    Row(
        "python-dateutil",
        "relativedelta",
        lambda: dateutil.relativedelta.relativedelta(
            months=1, weekday=dateutil.relativedelta.MO(-1)
        ),
    ),
    Row(
        "python-dateutil",
        "rrule",
        lambda: dateutil.rrule.rrule(
            dateutil.rrule.DAILY, count=3, dtstart=dt.datetime(2024, 1, 1)
        ),
        lambda a, b: list(a) == list(b),
    ),
    Row(
        "python-dateutil",
        "rrule with a cache",
        cached_rule,
        lambda a, b: list(a) == list(b),
        strict=dict.fromkeys(
            ("pickle", "dill", "cloudpickle"),
            ("compare mismatch", "its __setstate__ resets what it counted, as one that loses data"),
        ),
    ),
    Row("python-dateutil", "tzutc", dateutil.tz.tzutc, operator.is_),
    Row("python-dateutil", "zone", lambda: dateutil.tz.gettz("Europe/Berlin")),
    Row(
        "python-dateutil",
        "datetime in a zone",
        lambda: dt.datetime(2024, 7, 1, tzinfo=dateutil.tz.gettz("Asia/Tokyo")),
        lambda a, b: a == b and a.utcoffset() == b.utcoffset(),
    ),
    Row("python-dateutil", "offset", lambda: dateutil.tz.tzoffset("X", 3600)),
    Row(
        "python-dateutil",
        "parser",
        dateutil.parser.parser,
        lambda a, b: a.parse("2024-01-02") == b.parse("2024-01-02"),
    ),
    Row("pytz", "zone", lambda: pytz.timezone("Europe/Berlin"), operator.is_),
    Row("pytz", "UTC", lambda: pytz.UTC, operator.is_),
    Row(
        "pytz",
        "localized datetime",
        lambda: pytz.timezone("US/Eastern").localize(dt.datetime(2024, 7, 1)),
        lambda a, b: a == b and a.tzinfo is b.tzinfo,
    ),
    Row("pytz", "fixed offset", lambda: pytz.FixedOffset(90), operator.is_),
    Row("whenever", "Instant", lambda: whenever.Instant.from_utc(2024, 1, 1)),
    Row(
        "whenever", "ZonedDateTime", lambda: whenever.ZonedDateTime(2024, 7, 1, tz="Europe/Berlin")
    ),
    Row("whenever", "Date", lambda: whenever.Date(2024, 2, 29)),
    Row("whenever", "TimeDelta", lambda: whenever.TimeDelta(hours=3)),
    Row("babel", "Locale", lambda: babel.Locale.parse("de_AT")),
    Row("babel", "read Locale", lambda: read(babel.Locale.parse("pt_BR"))),
    Row(
        "babel",
        "Catalog",
        catalog,
        lambda a, b: (
            [(m.id, m.string, m.locations) for m in a] == [(m.id, m.string, m.locations) for m in b]
        ),
    ),
    Row(
        "babel",
        "number pattern",
        lambda: babel.Locale("de").decimal_formats[None],
        lambda a, b: a.apply(1234.5, "de") == b.apply(1234.5, "de"),
    ),
    Row(
        "babel",
        "date pattern",
        lambda: babel.dates.parse_pattern("yyyy-MM"),
        lambda a, b: a.format == b.format,
    ),
    Row(
        "babel",
        "lazy text",
        lambda: babel.support.LazyProxy(str.upper, "a"),
        lambda a, b: str(a) == str(b) == "A",
        fails=every("load recursion"),
    ),
    Row("markupsafe", "Markup", lambda: markupsafe.Markup("<b>%s</b>") % "<"),
    Row(
        "jinja2",
        "Environment",
        lambda: jinja2.Environment(autoescape=True),
        lambda a, b: b.from_string("{{ x }}").render(x="<") == "&lt;",
    ),
    Row(
        "jinja2",
        "Template",
        lambda: jinja2.Template("{{ x }}!"),
        lambda a, b: b.render(x=1) == "1!",
        fails={
            "pickle": "dump unserializable",
            "dill": "load load-hook",
            "cloudpickle": "load load-hook",
        },
    ),
    Row("jinja2", "syntax tree", lambda: jinja2.Environment().parse("{{ x|upper }}")),
    Row(
        "jinja2",
        "TemplateSyntaxError",
        lambda: jinja2.TemplateSyntaxError("bad", 3, "n", "f"),
        lambda a, b: (a.message, a.lineno, a.name) == (b.message, b.lineno, b.name),
    ),
    Row(
        "jinja2",
        "DictLoader",
        lambda: jinja2.DictLoader({"a": "b"}),
        lambda a, b: a.mapping == b.mapping,
    ),
    Row(
        "jinja2",
        "Undefined",
        lambda: jinja2.Undefined(name="x"),
        lambda a, b: str(a) == str(b) == "",
    ),
    Row(
        "lxml",
        "element",
        lambda: lxml.etree.fromstring("<a b='1'><c/></a>"),
        fails=every("dump unserializable"),
    ),
    Row(
        "lxml",
        "objectified",
        lambda: __import__("lxml.objectify").objectify.fromstring("<a b='1'><c>5</c></a>"),
        lambda a, b: lxml.etree.tostring(a) == lxml.etree.tostring(b) and b.c == 5,
    ),
    Row("lxml", "QName", lambda: lxml.etree.QName("{ns}a"), fails=every("dump unserializable")),
    Row(
        "beautifulsoup4",
        "soup",
        lambda: bs4.BeautifulSoup("<p class='x'>a<b>c</b></p>", "html.parser"),
        texts,
    ),
    Row(
        "beautifulsoup4",
        "tag",
        lambda: bs4.BeautifulSoup("<p class='x'>a<b>c</b></p>", "html.parser").p,
        texts,
    ),
    Row("beautifulsoup4", "soup of lxml", lambda: bs4.BeautifulSoup("<p>a</p>", "lxml"), texts),
    Row(
        "regex",
        "pattern",
        lambda: regex.compile(r"(?i)a+(?P<n>\p{L})"),
        lambda a, b: a.pattern == b.pattern and a.flags == b.flags,
    ),
    Row("regex", "match", lambda: regex.match("a", "ab"), fails=every("dump unserializable")),
    Row("ruamel.yaml", "document with comments", yaml_document, dumped),
    Row(
        "ruamel.yaml", "quoted text", lambda: ruamel.yaml.scalarstring.DoubleQuotedScalarString("a")
    ),
    Row(
        "ruamel.yaml",
        "YAML",
        lambda: ruamel.yaml.YAML(typ="safe", pure=True),
        lambda a, b: b.load("a: 1") == {"a": 1},
    ),
    Row(
        "pyyaml",
        "node",
        lambda: yaml.compose("a: [1, 2]"),
        lambda a, b: yaml.serialize(a) == yaml.serialize(b),
    ),
    Row("pyyaml", "error", lambda: caught(yaml.safe_load, "a: ["), texts),
    Row(
        "tomlkit",
        "document",
        lambda: tomlkit.parse("# c\n[a]\nb = 1 # d\n"),
        lambda a, b: tomlkit.dumps(a) == tomlkit.dumps(b),
    ),
    Row(
        "tomlkit",
        "table",
        lambda: tomlkit.parse("[a]\nb = 1\n")["a"],
        lambda a, b: tomlkit.dumps(a) == tomlkit.dumps(b),
    ),
    Row(
        "tomlkit",
        "integer",
        lambda: tomlkit.parse("a = 0x1f")["a"],
        lambda a, b: a.as_string() == b.as_string(),
    ),
    Row("tomlkit", "date", lambda: tomlkit.parse("a = 2024-01-02")["a"]),
    Row(
        "rich",
        "Text",
        lambda: rich.text.Text.from_markup("[bold]a[/] b"),
        lambda a, b: a == b and a.spans == b.spans,
    ),
    Row("rich", "Style", lambda: rich.style.Style(bold=True, color="red")),
    Row(
        "rich",
        "hashed Style",
        lambda: hashed(rich.style.Style(bold=True, color="red")),
        there="hash(obj) == hash(obj.parse(str(obj)))",
        fails=every("compare mismatch"),
    ),
    Row("rich", "Table", table, drawn),
    Row(
        "rich",
        "Console",
        rich.console.Console,
        fails=every("dump unserializable"),
        serializers=("pickle", "cloudpickle"),
    ),
    Row("click", "IntRange", lambda: click.IntRange(1, 5), reprs),
    Row(
        "click",
        "Option",
        lambda: click.Option(["--count", "-c"], default=1, type=int),
        lambda a, b: a.to_info_dict() == b.to_info_dict(),
    ),
    Row(
        "click",
        "command",
        command,
        lambda a, b: a.name == b.name,
        fails={"pickle": "dump unserializable"},
        as_script=True,
    ),
    Row(
        "click",
        "BadParameter",
        lambda: click.BadParameter("bad", param_hint="--x"),
        lambda a, b: a.format_message() == b.format_message(),
    ),
    Row("lark", "tree", lambda: lark.Lark(GRAMMAR).parse("a, b")),
    Row(
        "lark",
        "Token",
        lambda: lark.Token("WORD", "ab", 3, 1),
        lambda a, b: a == b and a.start_pos == b.start_pos,
    ),
    Row(
        "lark",
        "parser",
        lambda: lark.Lark(GRAMMAR, parser="lalr"),
        lambda a, b: a.parse("a,b") == b.parse("a,b"),
        fails={
            "pickle": "dump unserializable",
            "dill": "compare mismatch",
            "cloudpickle": "compare mismatch",
        },
    ),
    Row(
        "pyparsing",
        "expression",
        lambda: pyparsing.Word(pyparsing.alphas)("w") + pyparsing.Suppress(","),
        lambda a, b: b.parse_string("ab,").as_dict() == {"w": "ab"},
        strict={"dill": NESTED},
    ),
    Row(
        "pyparsing",
        "results",
        lambda: (pyparsing.Word(pyparsing.alphas)("w") + ",").parse_string("ab,"),
        lambda a, b: a.as_dict() == b.as_dict() and a.as_list() == b.as_list(),
    ),
    Row(
        "pyparsing",
        "ParseException",
        lambda: caught(pyparsing.Word("a").parse_string, "b"),
        lambda a, b: texts(a, b) and a.loc == b.loc,
        strict={"dill": NESTED},
    ),
    Row(
        "parsimonious",
        "Grammar",
        lambda: parsimonious.Grammar('a = "x" b\nb = ~"[0-9]+"'),
        lambda a, b: str(a.parse("x12")) == str(b.parse("x12")),
    ),
    Row("parsimonious", "node", lambda: parsimonious.Grammar('a = "x"').parse("x")),
    Row("nltk", "Tree", tree),
    Row("nltk", "FreqDist", lambda: nltk.FreqDist("abracadabra")),
    Row(
        "nltk",
        "ConditionalFreqDist",
        lambda: nltk.ConditionalFreqDist([("a", 1), ("a", 2), ("b", 1)]),
    ),
    Row(
        "nltk",
        "stemmer",
        nltk.PorterStemmer,
        lambda a, b: a.stem("running") == b.stem("running"),
    ),
    Row(
        "nltk",
        "tokenizer",
        lambda: nltk.tokenize.RegexpTokenizer(r"\w+"),
        lambda a, b: a.tokenize("a b") == b.tokenize("a b"),
    ),
    Row(
        "nltk",
        "grammar",
        lambda: nltk.CFG.fromstring("S -> A B\nA -> 'a'\nB -> 'b'"),
        lambda a, b: a.productions() == b.productions(),
    ),
    Row(
        "tokenizers",
        "Tokenizer",
        lambda: tokenizers.Tokenizer(
            tokenizers.models.WordLevel({"a": 0, "[UNK]": 1}, unk_token="[UNK]")
        ),
        lambda a, b: a.to_str() == b.to_str(),
    ),
    Row(
        "tokenizers",
        "Encoding",
        lambda: tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0}, unk_token="a")).encode(
            "a b"
        ),
        lambda a, b: a.ids == b.ids and a.tokens == b.tokens,
    ),
    Row(
        "tokenizers",
        "AddedToken",
        lambda: tokenizers.AddedToken("[X]", lstrip=True),
        lambda a, b: a.content == b.content and a.lstrip == b.lstrip,
    ),
    Row(
        "tokenizers",
        "pre-tokenizer",
        tokenizers.pre_tokenizers.Whitespace,
        lambda a, b: a.pre_tokenize_str("a b") == b.pre_tokenize_str("a b"),
    ),
    Row(
        "jsonschema",
        "validator",
        lambda: jsonschema.Draft202012Validator(SCHEMA),
        lambda a, b: b.is_valid({"a": 1}) and not b.is_valid({}),
        fails={"pickle": "dump unserializable"},
        notes={"all": "mismatch"},
    ),  # its maps have a random order
    Row(
        "jsonschema",
        "ValidationError",
        lambda: caught(jsonschema.validate, {}, SCHEMA),
        lambda a, b: a.message == b.message and a.validator == b.validator,
        fails={"pickle": "dump unserializable"},
        strict={"dill": SENTINEL, "cloudpickle": SENTINEL},
    ),
    Row(
        "referencing",
        "Registry",
        lambda: referencing.Registry().with_resource(
            "urn:a", referencing.jsonschema.DRAFT202012.create_resource({"type": "string"})
        ),
        lambda a, b: a["urn:a"].contents == b["urn:a"].contents,
        fails={"pickle": "dump unserializable"},
    ),
    Row(
        "referencing",
        "Resource",
        lambda: referencing.jsonschema.DRAFT7.create_resource({"type": "string"}),
        lambda a, b: a.contents == b.contents,
        fails={"pickle": "dump unserializable"},
    ),
    Row("faker", "Generator", faked, lambda a, b: a.name() == b.name()),
    Row(
        "structlog",
        "bound logger",
        lambda: structlog.get_logger().bind(a=1),
        lambda a, b: a._context == b._context,
        fails={},
    ),
    Row(
        "structlog",
        "processor",
        lambda: structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda a, b: a.fmt == b.fmt,
    ),
    Row(
        "structlog",
        "JSONRenderer",
        lambda: structlog.processors.JSONRenderer(sort_keys=True),
        lambda a, b: b(None, "", {"b": 1, "a": 2}) == a(None, "", {"b": 1, "a": 2}),
    ),
    Row(
        "loguru",
        "logger",
        lambda: loguru.logger,
        lambda a, b: True,
        fails={"pickle": "dump pytest-leak"},
        serializers=("pickle",),
    ),  # pytest captures what it writes to
    Row(
        "tenacity",
        "Retrying",
        lambda: tenacity.Retrying(stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_fixed(1)),
        lambda a, b: b.stop.max_attempt_number == 3,
    ),
    Row(
        "tenacity",
        "wait",
        lambda: tenacity.wait_exponential(max=5) + tenacity.wait_fixed(1),
        lambda a, b: len(a.wait_funcs) == len(b.wait_funcs),
    ),
    Row("markdown-it-py", "tokens", lambda: markdown_it.MarkdownIt().parse("# a\n\n* b")),
    Row(
        "markdown-it-py",
        "MarkdownIt",
        lambda: markdown_it.MarkdownIt("commonmark"),
        lambda a, b: a.render("# a") == b.render("# a"),
        fails={"pickle": "dump unserializable"},
    ),
    Row(
        "pygments",
        "lexer",
        lambda: pygments.lexers.get_lexer_by_name("python"),
        lambda a, b: list(a.get_tokens("x=1")) == list(b.get_tokens("x=1")),
    ),
    Row(
        "pygments",
        "token type",
        lambda: pygments.token.Token.Name.Function,
        lambda a, b: a == b and b in pygments.token.Name,
    ),
    Row("phonenumbers", "PhoneNumber", lambda: phonenumbers.parse("+49 30 123456")),
]


def read(locale):
    len(locale.territories), locale.number_symbols, locale.days["format"]["wide"][0]
    return locale


def hashed(one):
    hash(one)
    return one


def caught(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        return error.with_traceback(None)
    raise AssertionError("it raised nothing")


def test_verdict(row, serializer, portable):
    judge(row, serializer, portable)


if __name__ == "__main__":
    main(ROWS)
