"""Where an import leads within the repository."""

from __future__ import annotations

import pytest

from verdigris.scrape.code.imports import resolve_import

PATHS = frozenset(
    {
        "src/app/__init__.py",
        "src/app/store/__init__.py",
        "src/app/store/sqlite.py",
        "src/app/json.py",
        "src/app/cli.py",
        "tests/test_app.py",
        "tests/fixtures.py",
        "stubs/native.pyi",
        "stubs/main.py",
        "web/index.ts",
        "web/view.tsx",
        "web/parts/index.js",
        "web/legacy.js",
        "web/data.json",
        "web/types.d.ts",
        "web/deep/page.ts",
        "packages/kit/package.json",
        "packages/kit/src/index.ts",
        "packages/kit/src/forms/index.ts",
        "packages/kit/extra.js",
        "examples/react/package.json",
        "examples/react/index.js",
        "core/src/lib.rs",
        "core/src/engine.rs",
        "core/src/engine/pool.rs",
        "core/src/store/mod.rs",
        "core/src/store/disk.rs",
        "core/tests/all.rs",
        "core/tests/utils/mod.rs",
        "crates/grep/src/lib.rs",
        "crates/matcher/src/lib.rs",
        "crates/matcher/src/wide.rs",
        "crates/json-tree/src/lib.rs",
        "tool/main.rs",
        "tool/args.rs",
        "main.go",
        "pkg/store/store.go",
        "pkg/store/disk.go",
        "pkg/yaml/doc.go",
        "pkg/yaml/a.go",
        "pkg/flags/z.go",
        "pkg/flags/b.go",
        "pkg/flags/a_test.go",
        "encoding/json/json.go",
    }
)


@pytest.mark.parametrize(
    ("importer", "module", "path"),
    [
        ("tests/test_app.py", "app", "src/app/__init__.py"),
        ("tests/test_app.py", "app.store.sqlite", "src/app/store/sqlite.py"),
        ("tests/test_app.py", "app.store.Store", "src/app/store/__init__.py"),
        ("tests/test_app.py", "fixtures", "tests/fixtures.py"),
        ("src/app/cli.py", "app.store", "src/app/store/__init__.py"),
        ("src/app/cli.py", "json", ""),
        ("src/app/cli.py", ".json", "src/app/json.py"),
        ("src/app/cli.py", ".", "src/app/__init__.py"),
        ("src/app/store/sqlite.py", "..cli", "src/app/cli.py"),
        ("src/app/store/sqlite.py", "..cli.main", "src/app/cli.py"),
        ("src/app/store/sqlite.py", ".", "src/app/store/__init__.py"),
        ("stubs/main.py", "native", "stubs/native.pyi"),
        ("src/app/cli.py", "numpy.linalg", ""),
        ("src/app/cli.py", "app.cli", ""),
        ("src/app/cli.py", "", ""),
    ],
)
def test_python(importer: str, module: str, path: str) -> None:
    assert resolve_import(importer, module, PATHS) == path


@pytest.mark.parametrize(
    ("importer", "module", "path"),
    [
        ("web/index.ts", "./view", "web/view.tsx"),
        ("web/index.ts", "./view.js", "web/view.tsx"),
        ("web/index.ts", "./deep/page.js", "web/deep/page.ts"),
        ("web/index.ts", "./parts", "web/parts/index.js"),
        ("web/index.ts", "./parts/", "web/parts/index.js"),
        ("web/index.ts", "./types", "web/types.d.ts"),
        ("web/legacy.js", "./data.json", "web/data.json"),
        ("web/deep/page.ts", "..", "web/index.ts"),
        ("web/deep/page.ts", "../legacy", "web/legacy.js"),
        ("web/deep/page.ts", "../../../outside", ""),
        ("web/index.ts", "view", ""),
        ("web/index.ts", "kit", "packages/kit/src/index.ts"),
        ("web/index.ts", "@own/kit/forms", "packages/kit/src/forms/index.ts"),
        ("web/index.ts", "kit/extra", "packages/kit/extra.js"),
        ("web/index.ts", "react", ""),
        ("web/index.ts", ".hidden", ""),
    ],
)
def test_javascript_and_typescript(importer: str, module: str, path: str) -> None:
    assert resolve_import(importer, module, PATHS) == path


@pytest.mark.parametrize(
    ("importer", "module", "path"),
    [
        ("core/src/lib.rs", "engine", "core/src/engine.rs"),
        ("core/src/lib.rs", "store", "core/src/store/mod.rs"),
        ("core/src/engine.rs", "pool", "core/src/engine/pool.rs"),
        ("core/src/engine.rs", "crate::store::disk::Disk", "core/src/store/disk.rs"),
        ("core/src/engine.rs", "crate", "core/src/lib.rs"),
        ("core/src/engine.rs", "self::pool::Pool", "core/src/engine/pool.rs"),
        ("core/src/engine/pool.rs", "super", "core/src/engine.rs"),
        ("core/src/engine/pool.rs", "super::super::store", "core/src/store/mod.rs"),
        ("core/src/store/disk.rs", "super::Kind", "core/src/store/mod.rs"),
        ("tool/main.rs", "crate::args::Args", "tool/args.rs"),
        ("core/tests/all.rs", "core::engine", "core/src/engine.rs"),
        ("core/tests/all.rs", "utils", "core/tests/utils/mod.rs"),
        ("core/src/engine.rs", "store", ""),
        ("core/src/lib.rs", "grep_matcher::wide", "crates/matcher/src/wide.rs"),
        ("core/src/lib.rs", "serde_matcher", ""),
        ("core/src/lib.rs", "json_tree::Node", "crates/json-tree/src/lib.rs"),
        ("core/src/lib.rs", "std::fmt", ""),
        ("core/src/lib.rs", "", ""),
    ],
)
def test_rust(importer: str, module: str, path: str) -> None:
    assert resolve_import(importer, module, PATHS) == path


@pytest.mark.parametrize(
    ("module", "path"),
    [
        ("github.com/owner/project/pkg/store", "pkg/store/store.go"),
        ("github.com/owner/project/v2/pkg/yaml", "pkg/yaml/doc.go"),
        ("example.org/pkg/flags", "pkg/flags/b.go"),
        ("github.com/owner/project", ""),
        ("github.com/owner/project/pkg/missing", ""),
        ("encoding/json", ""),
        ("fmt", ""),
    ],
)
def test_go(module: str, path: str) -> None:
    assert resolve_import("main.go", module, PATHS) == path


def test_other_languages_are_not_resolved() -> None:
    assert resolve_import("notes.md", "./web/index", PATHS) == ""
