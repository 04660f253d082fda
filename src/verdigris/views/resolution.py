"""Which definitions a call may mean, and how surely: what its receiver, its file's imports and the
rules of its language say of the name.

Where the file declares what a receiver is, the method is one of that class; else a call is matched
by the name of the method, and is surer where the variable is named like the class, or the file sees
the class by its imports.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from posixpath import basename, dirname, splitext

from verdigris.frozen_dataclass import dataclass
from verdigris.views.builtin_methods import BUILTIN_METHODS, BUILTIN_OBJECTS
from verdigris.views.code import Symbol, last_name
from verdigris.views.imports import Binding, ImportFacts

NAMED = 1.0
"""The file, an import of it or the receiver names the definition."""
NAMED_LIKE_ITS_CLASS = 0.7
"""`kettle.boil()` where a class Kettle defines `boil`."""
SEEN = 0.7
"""A method by its name alone, of a class that the file imports, directly or by one more file."""
BORROWED = 0.4
"""A bare name that only classes define which are neither the caller's own nor around it."""
UNRELATED = 0.2
"""The same, of a class that the file does not see, or where built-in types have such a method."""
LIKELY = 0.3
"""From here on a call probably means the definition: figures in docs/experiments.md."""
_ONE_NAMESPACE = frozenset({"c", "shell"})
"""Families in which every file sees every function, imported or not."""
_IMPORTED_BY_NAME = frozenset({"python", "script", "rust"})
"""Families in which a bare name of another file was imported by that name."""
_PACKAGE_IS_NAMESPACE = "go"
"""The family in which a bare name is one of the own package, where that has it."""
_METHODS_CALLED_BARE = frozenset({"jvm", "c", "c#", "swift", "ruby"})
"""Families in which a method may call another one of its class without a receiver."""
_NOT_CALLED = frozenset({"extension", "operator", "property"})
"""Kinds that a call never means: two have the name of a type from elsewhere."""
_BASES = frozenset({"super", "parent", "base"})
_OWN_CLASS = _BASES | {"self", "cls", "this", "Self", "static"}
_MODULE_FILES = frozenset({"__init__", "index", "mod", "lib", "main"})
"""Files that are the folder that they lie in, as a module."""
_EXPORTS = frozenset({"exports", "module.exports", "default"})
_CLASSES_ONLY = (".py", ".pyi")
"""Files in which only classes contain other definitions."""
_STUBS = (".pyi", ".d.ts", ".d.mts", ".d.cts")
"""Files that only describe the types of what another file defines."""
_HOPS = 3
"""Files through which a name is handed on before its definition is given up; bases of a base."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where a name is called: the file, the symbol that calls, and what the call is made on."""

    path: str
    caller: str
    receiver: str
    receiver_type: str = ""


Choices = list[tuple[Symbol, float]]


class Resolution:
    """Chooses between the definitions of a name for the sites that call it."""

    def __init__(self, facts: ImportFacts, defining: set[str], calling: set[str]) -> None:
        self._facts = facts
        self._families = facts.families(defining | calling)
        self._mates = frozenset(facts.package_mates(defining))
        self._bindings = facts.bindings(calling, _HOPS)
        self._sights: dict[str, frozenset[str]] = {}
        self._same_named: dict[str, list[tuple[str, str]]] = {}
        self._foreign: dict[str, bool] = {}

    def choices(self, site: Site, definitions: Sequence[Symbol]) -> Choices:
        """Definitions of one name that a call may mean, surest first; none that is ruled out."""
        family = self._families.get(site.path, "")
        rivals = [
            one
            for one in definitions
            if self._families.get(one.path, "") == family and one.kind not in _NOT_CALLED
        ]
        rivals = [one for one in rivals if not one.path.endswith(_STUBS)] or rivals
        return self._chosen(site, rivals, family)

    def _chosen(self, site: Site, rivals: Sequence[Symbol], family: str) -> Choices:
        if site.receiver in _OWN_CLASS:
            return _shared(self._of_own_class(site, rivals), NAMED)
        if not site.receiver:
            return self._bare(site, rivals, family)
        if typed := self._of_type(site, rivals):
            return _shared(typed, NAMED)
        if self._leads_out(site) or self._is_foreign(last_name(site.receiver_type)):
            return []
        if named := self._named(site, rivals, family):
            return _shared(named, NAMED)
        if family in _IMPORTED_BY_NAME and site.receiver[0].isupper():
            return []  # a class from outside of the repository
        if site.receiver in BUILTIN_OBJECTS.get(family, ()):
            return []
        members = [one for one in rivals if _is_member(one) and _is_called_on_values(one, family)]
        owner = _plain(_last_word(site))
        alike = [one for one in members if _plain(last_name(_container(one))) == owner]
        if alike:
            return _shared(self._nearest(site, alike), NAMED_LIKE_ITS_CLASS)
        is_common = (
            last_name(rivals[0].name) in BUILTIN_METHODS.get(family, ()) if rivals else False
        )
        return self._by_sight(site, members, UNRELATED if is_common else SEEN)

    def _bare(self, site: Site, rivals: Sequence[Symbol], family: str) -> Choices:
        """`boil()`: of the own class or file, or imported by this name."""
        if family in _METHODS_CALLED_BARE and (methods := self._of_own_class(site, rivals)):
            return _shared(methods, NAMED)
        outer = [one for one in rivals if not _is_member(one) or _is_constructor(one)]
        if own := [one for one in outer if one.path == site.path]:
            return _shared(own, NAMED)
        if family in _ONE_NAMESPACE:
            return _shared(outer, NAMED)
        if imported := self._imported(site.path, outer):
            return _shared(imported, NAMED)
        if family == _PACKAGE_IS_NAMESPACE:
            outer = [one for one in outer if (one.path, site.path) in self._mates] or outer
        if family in _METHODS_CALLED_BARE and not outer:
            return self._by_sight(site, rivals, BORROWED)
        # A script without imports may share its names with others of a page.
        if family in _IMPORTED_BY_NAME and (family != "script" or self._bindings.get(site.path)):
            outer = [one for one in outer if one.kind == "macro"]  # Rust's need no import
        return self._by_sight(site, outer, NAMED)

    def _of_type(self, site: Site, rivals: Sequence[Symbol]) -> list[Symbol]:
        """Methods of the type that the receiver is declared to have, else of its nearest bases.

        `Box.Builder` is no `Kettle.Builder`, but may be one of a package Box.
        """
        if not site.receiver_type:
            return []
        around, _, name = site.receiver_type.rpartition(".")
        classes = self._classes(site.path, frozenset({name}))
        if around:
            classes = {one for one in classes if last_name(_outer(one[1])) in ("", around)}
        return self._inherited(classes, rivals)

    def _is_foreign(self, type_name: str) -> bool:
        """Whether a type is none of the repository: `T` may be any, `Reader` is a class."""
        if not type_name[:1].isupper() or type_name.isupper():
            return False
        if type_name not in self._foreign:
            self._foreign[type_name] = not self._facts.symbols(type_name)
        return self._foreign[type_name]

    def _named(self, site: Site, rivals: Sequence[Symbol], family: str) -> list[Symbol]:
        """`Kettle.boil()` and `kettles.boil()`: the receiver names a class or a module."""
        word = _last_word(site)
        if of_class := self._inherited(self._classes_called(site), rivals):
            return of_class
        outer = [one for one in rivals if not _is_member(one)]
        files = [
            one.target
            for one in self._bindings.get(site.path, ())
            if one.target and _stands_for(one, word, family)
        ]
        if handed_on := self._handed_on(files, outer):
            return handed_on
        if family == "script":
            return []  # its modules have the names that imports give them
        if inside := [one for one in outer if last_name(_container(one)) == word]:
            return self._nearest(site, inside)  # of a namespace: `tea::boil()`
        return self._nearest(site, [one for one in outer if _module(one.path) == word])

    def _classes_called(self, site: Site) -> set[tuple[str, str]]:
        """The classes that a receiver names; those of the module before the name, if it does."""
        *_, module, name = ("", *site.receiver.split("."))
        of_module = {one for one in self._classes_named(name) if _module(one[0]) == module}
        return of_module or self._classes(site.path, frozenset({name}))

    def _imported(self, path: str, outer: Sequence[Symbol]) -> list[Symbol]:
        """Definitions whose name a file imports, else those of files from which it imports all."""
        name = last_name(outer[0].name) if outer else ""
        bindings = self._bindings.get(path, ())
        by_name = [one.target for one in bindings if name in one.names]
        everything = [one.target for one in bindings if "*" in one.names]
        return self._handed_on(by_name, outer) or self._handed_on(everything, outer)

    def _handed_on(self, files: Iterable[str], outer: Sequence[Symbol]) -> list[Symbol]:
        """Definitions in these files, or in those from which they import the name in turn."""
        by_path: dict[str, list[Symbol]] = defaultdict(list)
        for one in outer:
            by_path[one.path].append(one)
        taken = {last_name(outer[0].name), "*"} if outer else set()
        waiting, asked = dict.fromkeys(files), {""}
        for _ in range(_HOPS + 1):
            found = [one for path in waiting for one in by_path.get(path, ())]
            if found or not waiting:
                return found
            asked.update(waiting)
            bindings = [one for path in waiting for one in self._bindings.get(path, ())]
            targets = [one.target for one in bindings if taken & one.names]
            waiting = dict.fromkeys(target for target in targets if target not in asked)
        return []

    def _of_own_class(self, site: Site, rivals: Sequence[Symbol]) -> list[Symbol]:
        """Methods of the class that the caller belongs to, else of the nearest of its bases."""
        container = _outer(site.caller)
        if site.receiver:
            own = {(site.path, container)} if container else set()
            return self._inherited(self._bases(own) if site.receiver in _BASES else own, rivals)
        around = site.caller  # a class may call in its body, and a nested one what is around it
        while around:
            if found := self._inherited({(site.path, around)}, rivals):
                return found
            around = _outer(around)
        return []

    def _inherited(self, classes: set[tuple[str, str]], rivals: Sequence[Symbol]) -> list[Symbol]:
        """Members of the classes, (path, name) each, else of their bases."""
        for _ in range(_HOPS):
            found = [one for one in rivals if (one.path, _container(one)) in classes]
            if found or not classes:
                return found
            classes = self._bases(classes)
        return []

    def _bases(self, classes: set[tuple[str, str]]) -> set[tuple[str, str]]:
        """The classes whose names stand in the signatures of these."""
        found = set[tuple[str, str]]()
        for path, name in classes:
            words = self._facts.words_of_signature(path, name) - {last_name(name)}
            found |= self._classes(path, frozenset(words))
        return found

    def _classes(self, path: str, names: frozenset[str]) -> set[tuple[str, str]]:
        """(path, name) of the classes of these names that a file means: of each the nearest."""
        found = set[tuple[str, str]]()
        for name in names:
            same = self._classes_named(name)
            near = [one for one in same if one[0] == path]
            near = near or [one for one in same if one[0] in self._sight(path)]
            found.update(near or same)
        return found

    def _classes_named(self, name: str) -> list[tuple[str, str]]:
        if name not in self._same_named:
            self._same_named[name] = self._facts.classes_named(name)
        return self._same_named[name]

    def _leads_out(self, site: Site) -> bool:
        """Whether the receiver begins with a name that is imported from outside."""
        word = site.receiver.partition(".")[0]
        bound = [
            one.target
            for one in self._bindings.get(site.path, ())
            if word in one.names or word in (_first_part(one.module), _last_part(one.module))
        ]
        return bool(bound) and not any(bound)

    def _nearest(self, site: Site, found: list[Symbol]) -> list[Symbol]:
        """Those of the own file, else those that the file sees, else all."""
        own = [one for one in found if one.path == site.path]
        return own or [one for one in found if self._sees(site.path, one.path)] or found

    def _by_sight(self, site: Site, allowed: Sequence[Symbol], sure: float) -> Choices:
        """Definitions that the file sees share in `sure`, the others in less."""
        seen = [one for one in allowed if self._sees(site.path, one.path)]
        others = [one for one in allowed if not self._sees(site.path, one.path)]
        return _shared(seen, sure) + [(one, UNRELATED / len(allowed)) for one in others]

    def _sees(self, path: str, other: str) -> bool:
        return path == other or (other, path) in self._mates or other in self._sight(path)

    def _sight(self, path: str) -> frozenset[str]:
        """Files that a file imports, and that those import."""
        if path not in self._sights:
            direct = {one.target for one in self._bindings.get(path, ())}
            further = {one.target for target in direct for one in self._bindings.get(target, ())}
            self._sights[path] = frozenset(direct | further) - {""}
        return self._sights[path]


def _shared(found: Sequence[Symbol], sure: float) -> Choices:
    """One of these is meant, each as likely as the others."""
    return [(one, sure / len(found)) for one in found]


def _stands_for(binding: Binding, word: str, family: str) -> bool:
    """Whether a word is the module that an import leads to: by its own name, or JavaScript's."""
    if _module(binding.target) == word:
        return True
    if family == "script":
        return word in binding.names
    return not binding.names and _last_part(binding.module) == word


def _last_word(site: Site) -> str:
    return site.receiver.rpartition(".")[2]


def _container(symbol: Symbol) -> str:
    return _outer(symbol.name)


@lru_cache(maxsize=1 << 16)
def _outer(name: str) -> str:
    """`Kettle` of `Kettle.boil`, `tea::Kettle` of `tea::Kettle::boil`, '' of `boil`."""
    return name.removesuffix(last_name(name)).rstrip(".:#\\")


def _is_member(symbol: Symbol) -> bool:
    """Whether a definition is reached through a class or an object only."""
    container = _container(symbol)
    in_class = symbol.kind == "method" or symbol.path.endswith(_CLASSES_ONLY)
    return in_class and bool(container) and container not in _EXPORTS


def _is_constructor(symbol: Symbol) -> bool:
    return last_name(_container(symbol)) == last_name(symbol.name)


def _is_called_on_values(symbol: Symbol, family: str) -> bool:
    """Rust's functions of a type that take no `self` are called by the type's name only."""
    return family != "rust" or re.search(r"\bself\b", symbol.signature) is not None


def _module(path: str) -> str:
    """What a file is called as a module."""
    stem = splitext(basename(path))[0]
    return basename(dirname(path)) if stem in _MODULE_FILES else stem


@lru_cache(maxsize=1 << 16)
def _parts(module: str) -> list[str]:
    return re.findall(r"[\w-]+", module) or [""]


def _first_part(module: str) -> str:
    return _parts(module)[0]


def _last_part(module: str) -> str:
    return _parts(module)[-1]


def _plain(name: str) -> str:
    """A name in which `kettle_lid`, `kettleLid`, `_kettle_lid` and `KettleLid` are one."""
    return name.replace("_", "").lower()
