"""What each Python added to its standard library, and what it removed.

Modules, classes, functions, and members of enumerations: what a payload can name. From 3.9 to 3.13
the lists come from comparing the interpreters, release by release; the changes of 3.14 are from
its documentation.

Source:
    CPython 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1, 3.13.0; CPython documentation, "What's New in
    Python 3.14", "Removed" and "New modules"; "What's New in Python 3.10", `collections`;
    PEP 594.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

from pytest_portable.verdict import minor_of

__all__ = ["brought_in", "taken_out", "words_about"]

Version = tuple[int, int]

_ADDED: Final[Mapping[Version, str]] = {
    (3, 9): """
        argparse.BooleanOptionalAction ast.unparse asyncio.PidfdChildWatcher asyncio.Server
        asyncio.threads asyncio.to_thread builtins.bytearray.removeprefix
        builtins.bytearray.removesuffix builtins.bytes.removeprefix builtins.bytes.removesuffix
        builtins.str.removeprefix builtins.str.removesuffix functools.cache gc.is_finalized
        graphlib http.HTTPStatus.EARLY_HINTS http.HTTPStatus.IM_A_TEAPOT
        http.HTTPStatus.TOO_EARLY importlib.abc.Traversable importlib.abc.TraversableResources
        importlib.resources.as_file importlib.resources.files inspect.ClassFoundException
        keyword.issoftkeyword math.lcm math.nextafter math.ulp os.pidfd_open
        os.waitstatus_to_exitcode pathlib.Path.readlink pathlib.PurePath.is_relative_to
        pathlib.PurePath.with_stem pkgutil.resolve_name pstats.FunctionProfile
        pstats.StatsProfile signal.pidfd_send_signal socket.recv_fds socket.send_fds
        tracemalloc.reset_peak types.GenericAlias typing.Annotated
        xml.etree.ElementInclude.LimitedRecursiveIncludeError xml.etree.ElementTree.indent
        zoneinfo
    """,
    (3, 10): """
        abc.update_abstractmethods ast.Match ast.MatchAs ast.MatchClass ast.MatchMapping
        ast.MatchOr ast.MatchSequence ast.MatchSingleton ast.MatchStar ast.MatchValue
        ast.match_case ast.pattern asyncio.mixins base64.b32hexdecode base64.b32hexencode
        builtins.AttributeError.name builtins.AttributeError.obj builtins.EncodingWarning
        builtins.NameError.name builtins.SyntaxError.end_lineno builtins.SyntaxError.end_offset
        builtins.aiter builtins.anext builtins.int.bit_count codecs.unregister
        collections.Counter.total contextlib.AsyncContextDecorator contextlib.aclosing
        dataclasses.KW_ONLY email.errors.InvalidDateDefect importlib.metadata.EntryPoints
        importlib.metadata.PackageMetadata importlib.metadata.packages_distributions
        importlib.resources.ResourceReader inspect.get_annotations io.text_encoding
        itertools.pairwise locale.localize os.eventfd os.eventfd_read os.eventfd_write os.splice
        pathlib.Path.hardlink_to platform.freedesktop_os_release statistics.LinearRegression
        statistics.correlation statistics.covariance statistics.linear_regression
        sysconfig.get_default_scheme sysconfig.get_preferred_scheme threading.getprofile
        threading.gettrace types.EllipsisType types.NoneType types.NotImplementedType
        types.UnionType typing.Concatenate typing.ParamSpec typing.ParamSpecArgs
        typing.ParamSpecKwargs typing.TypeAlias typing.TypeGuard typing.is_typeddict
        unittest.mock.InvalidSpecError xml.sax.handler.LexicalHandler
    """,
    (3, 11): """
        ast.TryStar asyncio.Barrier asyncio.BrokenBarrierError asyncio.Runner asyncio.TaskGroup
        asyncio.Timeout asyncio.taskgroups asyncio.timeout asyncio.timeout_at asyncio.timeouts
        builtins.BaseException.add_note builtins.BaseExceptionGroup builtins.ExceptionGroup
        contextlib.chdir ctypes.LittleEndianUnion datetime.UTC enum.EnumCheck enum.EnumType
        enum.FlagBoundary enum.ReprEnum enum.StrEnum enum.member enum.nonmember enum.property
        enum.verify hashlib.file_digest http.HTTPMethod importlib.resources.abc
        importlib.resources.simple importlib.simple inspect.getmembers_static
        inspect.ismethodwrapper locale.getencoding logging.getLevelNamesMapping math.cbrt
        math.exp2 operator.call os.login_tty re.RegexFlag.NOFLAG re._compiler re._constants
        re._parser sqlite3.Blob sys.exception termios.tcgetwinsize termios.tcsetwinsize tomllib
        typing.LiteralString typing.Never typing.NotRequired typing.Required typing.Self
        typing.TypeVarTuple typing.Unpack typing.assert_never typing.assert_type
        typing.clear_overloads typing.dataclass_transform typing.get_overloads
        typing.reveal_type unittest.doModuleCleanups unittest.enterModuleContext wsgiref.types
    """,
    (3, 12): """
        ast.ParamSpec ast.TypeAlias ast.TypeVar ast.TypeVarTuple ast.type_param
        asyncio.create_eager_task_factory asyncio.eager_task_factory
        builtins.ImportError.name_from builtins.int.is_integer calendar.Day calendar.Month
        collections.abc.Buffer ctypes.c_time_t inspect.BufferFlags inspect.getasyncgenlocals
        inspect.getasyncgenstate inspect.markcoroutinefunction itertools.batched
        logging.getHandlerByName logging.getHandlerNames math.sumprod os.setns os.unshare
        pathlib.Path.is_junction pathlib.Path.walk pathlib.PurePath.with_segments
        posixpath.isjunction posixpath.splitroot socketserver.ForkingUnixDatagramServer
        socketserver.ForkingUnixStreamServer sys.activate_stack_trampoline
        sys.deactivate_stack_trampoline sys.getunicodeinternedsize
        sys.is_stack_trampoline_active threading.setprofile_all_threads
        threading.settrace_all_threads tty.cfmakecbreak tty.cfmakeraw types.get_original_bases
        typing.TypeAliasType typing.override
    """,
    (3, 13): """
        asyncio.EventLoop asyncio.QueueShutDown base64.z85decode base64.z85encode
        builtins.PythonFinalizationError configparser.MultilineContinuationError copy.replace
        dbm.sqlite3 email.errors.HeaderWriteError enum.EnumDict glob.translate
        http.HTTPStatus.CONTENT_TOO_LARGE http.HTTPStatus.RANGE_NOT_SATISFIABLE
        http.HTTPStatus.UNPROCESSABLE_CONTENT http.HTTPStatus.URI_TOO_LONG
        importlib.metadata.diagnose importlib.resources.Anchor math.fma
        mimetypes.guess_file_type os.grantpt os.posix_openpt os.process_cpu_count os.ptsname
        os.timerfd_create os.timerfd_gettime os.timerfd_gettime_ns os.timerfd_settime
        os.timerfd_settime_ns os.unlockpt pathlib.Path.from_uri pathlib.PurePath.parser
        pathlib.PurePosixPath.parser pathlib.PureWindowsPath.parser pathlib.UnsupportedOperation
        pathlib._local posixpath.isdevdrive queue.ShutDown re.PatternError statistics.kde
        statistics.kde_random symtable.SymbolTableType typing.NoDefault typing.ReadOnly
        typing.TypeIs typing.get_protocol_members typing.is_protocol unittest.mock.ThreadingMock
        warnings.deprecated
    """,
    (3, 14): """
        annotationlib ast.Interpolation ast.TemplateStr compression compression.zstd
        concurrent.futures.InterpreterPoolExecutor concurrent.interpreters functools.Placeholder
        io.Reader io.Writer operator.is_none operator.is_not_none pathlib.types
        string.templatelib uuid.uuid6 uuid.uuid7 uuid.uuid8
    """,
}
_REMOVED: Final[Mapping[Version, str]] = {
    (3, 9): """
        base64.decodestring base64.encodestring dummy_threading fractions.gcd plistlib.Data
        plistlib.readPlist plistlib.readPlistFromBytes plistlib.writePlist
        plistlib.writePlistToBytes sys.callstats sys.getcheckinterval sys.setcheckinterval
        threading.Thread.isAlive wave.openfp
    """,
    (3, 10): """
        collections.AsyncGenerator collections.AsyncIterable collections.AsyncIterator
        collections.Awaitable collections.ByteString collections.Callable collections.Collection
        collections.Container collections.Coroutine collections.Generator collections.Hashable
        collections.ItemsView collections.Iterable collections.Iterator collections.KeysView
        collections.Mapping collections.MappingView collections.MutableMapping
        collections.MutableSequence collections.MutableSet collections.Reversible
        collections.Sequence collections.Set collections.Sized collections.ValuesView formatter
        importlib.resources.import_module parser symbol
    """,
    (3, 11): """
        asyncio.coroutine binascii.a2b_hqx binascii.b2a_hqx binascii.rlecode_hqx
        binascii.rledecode_hqx binhex gettext.bind_textdomain_codeset gettext.ldgettext
        gettext.ldngettext gettext.lgettext gettext.lngettext inspect.ArgSpec
        inspect.formatargspec inspect.getargspec
    """,
    (3, 12): """
        asynchat asyncore configparser.SafeConfigParser distutils imp importlib.abc.Finder
        importlib.find_loader importlib.util.module_for_loader importlib.util.set_loader
        importlib.util.set_package io.OpenWrapper locale.format pathlib.Path.link_to
        pkgutil.ImpImporter pkgutil.ImpLoader smtpd sqlite3.enable_shared_cache
        ssl.RAND_pseudo_bytes ssl.match_hostname ssl.wrap_socket zipfile.FastLookup
    """,
    (3, 13): """
        aifc audioop cgi cgitb chunk configparser.LegacyInterpolation crypt imghdr
        importlib.resources.Resource lib2to3 locale.resetlocale mailcap nis nntplib ossaudiodev
        pipes re.RegexFlag.T re.RegexFlag.TEMPLATE re.template sndhdr spwd sunau telnetlib
        tkinter.tix tokenize.StopTokenizing typing.io typing.re unittest.findTestCases
        unittest.getTestCaseNames unittest.makeSuite uu xdrlib
    """,
    (3, 14): """
        ast.Bytes ast.Ellipsis ast.NameConstant ast.Num ast.Str asyncio.AbstractChildWatcher
        asyncio.FastChildWatcher asyncio.MultiLoopChildWatcher asyncio.PidfdChildWatcher
        asyncio.SafeChildWatcher asyncio.ThreadedChildWatcher importlib.abc.ResourceReader
        importlib.abc.Traversable importlib.abc.TraversableResources pkgutil.find_loader
        pkgutil.get_loader pty.master_open pty.slave_open sqlite3.version sqlite3.version_info
        urllib.request.FancyURLopener urllib.request.URLopener
    """,
}


@functools.cache
def _versions(*, removed: bool) -> dict[str, Version]:
    table = _REMOVED if removed else _ADDED
    return {name: version for version, names in table.items() for name in names.split()}


def _find(module: str, name: str, *, removed: bool) -> Version | None:
    """Look up a name, then its owners, because everything in a new module is new."""
    known = _versions(removed=removed)
    parts = f"{module}.{name}".strip(".").split(".")
    for count in range(len(parts), 0, -1):
        if (version := known.get(".".join(parts[:count]))) is not None:
            return version
    return None


def brought_in(module: str, name: str = "") -> Version | None:
    """Return the first Python that has a module or a name in it; `None` where always or unknown."""
    return _find(module, name, removed=False)


def taken_out(module: str, name: str = "") -> Version | None:
    """Return the first Python without it; `None` where that is not known."""
    return _find(module, name, removed=True)


def words_about(module: str, name: str, target: str) -> str:
    """Return since or until when a name exists, where that explains why it is missing.

    Args:
        module: a module of the standard library.
        name: a name in it, or nothing.
        target: the target's Python, such as `3.8.18`.

    Returns:
        `since Python 3.9`, `removed in Python 3.12`, or nothing.
    """
    there = minor_of(target)
    since, until = brought_in(module, name), taken_out(module, name)
    if since is not None and there < since:
        return f"since Python {since[0]}.{since[1]}"
    if until is not None and there >= until:
        return f"removed in Python {until[0]}.{until[1]}"
    return ""
