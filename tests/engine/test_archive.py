"""Models as archives: the same files again on another machine, and no tricks."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from verdigris.engine import Embedder
from verdigris.engine.archive import export_model, import_model
from verdigris.engine.catalog import DEFAULT_MODEL, known_rows, model_row
from verdigris.engine.model_store import find_model
from verdigris.errors import CorruptModel, EngineError, InvalidArchive, ModelNotFound

ENDLESS = b'{"model": "m", "files": [{"name": "a", "bytes": 1e999, "sha256": ""}]}'
DEEP = b"[" * 100_000
SOURCE = Path(__file__).parent / "models" / "qwen3-like"


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VERDIGRIS_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def archive(tmp_path: Path, models: Path) -> Path:
    export_model(model_row(str(SOURCE)), tmp_path / "model.tar")
    return tmp_path / "model.tar"


def changed(archive: Path, member: tarfile.TarInfo, content: bytes = b"", less: str = "") -> Path:
    """The archive with one member more, and without another."""
    other = archive.with_name("changed.tar")
    with tarfile.open(archive) as old, tarfile.open(other, "w") as new:
        for one in old:
            if one.name != less:
                new.addfile(one, old.extractfile(one))
        member.size = len(content)
        new.addfile(member, io.BytesIO(content))
    return other


def refused(archive: Path, models: Path) -> str:
    with pytest.raises(InvalidArchive) as caught:
        import_model(archive)
    left = [path for path in models.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert left == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_imported_model_has_a_name_and_the_same_vectors(archive: Path, models: Path) -> None:
    with pytest.raises(ModelNotFound, match="no model named 'qwen3-like'"):
        model_row("qwen3-like")
    stored = import_model(archive)
    stored.verify()
    assert stored.folder == models / "qwen3-like"
    assert "qwen3-like" in [row.name for row in known_rows()]
    with Embedder("qwen3-like") as imported, Embedder(str(SOURCE)) as original:
        assert imported.fingerprint == original.fingerprint
        np.testing.assert_array_equal(imported.embed_query("why"), original.embed_query("why"))
        assert imported.opened.check is not None  # the golden vectors came with it
    import_model(archive)  # a second time does no harm
    assert not list((models / ".unfinished").glob("*@*"))


def test_a_damaged_import_says_how_to_mend_it(archive: Path, models: Path) -> None:
    stored = import_model(archive)
    graph = stored.folder / "model.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"\xff")
    with pytest.raises(CorruptModel, match="import its archive again"):
        Embedder("qwen3-like")


def test_the_same_model_gives_the_same_archive(archive: Path, tmp_path: Path) -> None:
    export_model(model_row(str(SOURCE)), tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize("content", ["", "[]", '{"model": "qwen3-like", "files": []}'])
def test_an_imported_model_with_a_damaged_manifest_is_not_unknown(
    archive: Path, models: Path, content: str
) -> None:
    import_model(archive)
    (models / "qwen3-like" / "manifest.json").write_text(content, "utf-8")
    with pytest.raises(CorruptModel, match="does not say what it is; import its archive again"):
        Embedder("qwen3-like")
    import_model(archive)
    Embedder("qwen3-like").close()


def test_the_bundled_model_is_exported_whole_but_not_imported(tmp_path: Path, models: Path) -> None:
    target = tmp_path / "bundled.tar"
    export_model(model_row(DEFAULT_MODEL), target)
    with tarfile.open(target) as content:
        names = content.getnames()
    stored = find_model(model_row(DEFAULT_MODEL))
    assert sorted(names) == sorted(["manifest.json", *(entry.name for entry in stored.files)])
    assert "part of the package already" in refused(target, models)


def test_only_the_wanted_precision_is_exported(tmp_path: Path, models: Path) -> None:
    folder = tmp_path / "two"
    shutil.copytree(SOURCE, folder)
    (folder / "model_int8.onnx").write_bytes(b"x" * 100)
    export_model(model_row(str(folder)), tmp_path / "two.tar")
    with tarfile.open(tmp_path / "two.tar") as content:
        assert "model_int8.onnx" not in content.getnames()


def test_a_target_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="cannot write"):
        export_model(model_row(str(SOURCE)), tmp_path / "no" / "folder.tar")


def test_a_folder_whose_name_no_model_can_have_is_refused(tmp_path: Path) -> None:
    shutil.copytree(SOURCE, tmp_path / "my model")
    with pytest.raises(EngineError, match="'my model' is no name of a model"):
        export_model(model_row(str(tmp_path / "my model")), tmp_path / "x.tar")


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc/evil", "..", "a\\evil", "C:evil", "a//b"]
)
def test_paths_that_lead_out_are_refused(archive: Path, models: Path, name: str) -> None:
    message = refused(changed(archive, tarfile.TarInfo(name), b"x"), models)
    assert "holds the path" in message
    assert not list(models.parent.glob("**/evil"))


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_what_is_no_plain_file_is_refused(archive: Path, models: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("link")
    member.type, member.linkname = kind, "/etc/passwd"
    assert "not a plain file" in refused(changed(archive, member), models)


def test_a_file_that_is_there_twice_is_refused(archive: Path, models: Path) -> None:
    member = tarfile.TarInfo("model.onnx")
    assert "holds the path 'model.onnx'" in refused(changed(archive, member, b"x"), models)


def test_files_must_be_those_of_the_manifest(archive: Path, models: Path) -> None:
    message = refused(changed(archive, tarfile.TarInfo("more.bin"), b"x"), models)
    assert "does not hold what its manifest.json lists" in message
    message = refused(changed(archive, tarfile.TarInfo("x"), b"", "model.onnx"), models)
    assert "does not hold" in message


def test_wrong_sizes_and_hashes_are_refused(archive: Path, models: Path) -> None:
    content = (SOURCE / "model.onnx").read_bytes()
    member = tarfile.TarInfo("model.onnx")
    shorter = changed(archive, member, content[:-1], "model.onnx")
    assert "another size" in refused(shorter, models)
    other = changed(archive, member, content[:-1] + b"\xff", "model.onnx")
    assert "model.onnx is damaged (wrong SHA-256)" in refused(other, models)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"files": 3}', b'{"files": [3]}', ENDLESS, DEEP]
)
def test_a_damaged_manifest_is_refused(archive: Path, models: Path, content: bytes) -> None:
    member = tarfile.TarInfo("manifest.json")
    other = changed(archive, member, content, "manifest.json")
    assert "is not a manifest" in refused(other, models)


def test_a_manifest_whose_row_leads_out_is_refused(archive: Path, models: Path) -> None:
    with tarfile.open(archive) as old:
        stream = old.extractfile("manifest.json")
        assert stream is not None
        manifest = json.loads(stream.read())
    for name in ("../evil", "", ".hidden/.."):
        manifest["row"]["name"] = manifest["model"] = name
        content = json.dumps(manifest).encode()
        other = changed(archive, tarfile.TarInfo("manifest.json"), content, "manifest.json")
        with pytest.raises(EngineError, match="is no name of a model"):
            import_model(other)
    assert not models.exists()


def with_manifest(archive: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """The archive with another manifest."""
    with tarfile.open(archive) as old:
        stream = old.extractfile("manifest.json")
        assert stream is not None
        manifest = json.loads(stream.read())
    change(manifest)
    content = json.dumps(manifest).encode()
    return changed(archive, tarfile.TarInfo("manifest.json"), content, "manifest.json")


@pytest.mark.parametrize(
    "row", [{"folder": "/etc"}, {"name": "bge-small-en-v1.5"}, {"name": "another"}]
)
def test_a_row_of_another_model_or_folder_is_refused(
    archive: Path, models: Path, row: dict[str, str]
) -> None:
    """It would read files that the archive does not hold, or get round what is pinned."""
    other = with_manifest(archive, lambda manifest: manifest["row"].update(row))
    assert "is not one of this archive's model" in refused(other, models)


@pytest.mark.parametrize("name", ["more.bin", "manifest.json.part", "n" * 300, "model.onnx/inside"])
def test_a_file_that_no_model_needs_is_refused(archive: Path, models: Path, name: str) -> None:
    listed = {"name": name, "bytes": 1, "sha256": hashlib.sha256(b"x").hexdigest()}
    other = with_manifest(archive, lambda manifest: manifest["files"].append(listed))
    other = changed(other.rename(other.with_name("listed.tar")), tarfile.TarInfo(name), b"x")
    assert "which is no file of model 'qwen3-like'" in refused(other, models)


def test_what_the_disk_does_not_take_is_one_line(archive: Path, models: Path) -> None:
    """A path that is both a file and a folder passes every check of the archive itself."""

    def change(manifest: dict[str, Any]) -> None:
        manifest["row"]["tokenizer"]["file"] = "model.onnx/tokenizer.json"
        one = next(one for one in manifest["files"] if one["name"] == "tokenizer.json")
        one["name"] = "model.onnx/tokenizer.json"

    with tarfile.open(archive) as old:
        stream = old.extractfile("tokenizer.json")
        assert stream is not None
        content = stream.read()
    other = with_manifest(archive, change).rename(archive.with_name("moved.tar"))
    other = changed(other, tarfile.TarInfo("model.onnx/tokenizer.json"), content, "tokenizer.json")
    with pytest.raises(EngineError, match=r"cannot install model 'qwen3-like' in .*: "):
        import_model(other)
    assert not [path for path in models.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_without_a_manifest(archive: Path, models: Path) -> None:
    other = changed(archive, tarfile.TarInfo("x"), b"", "manifest.json")
    assert "has no manifest.json" in refused(other, models)


def test_what_is_no_archive_is_refused(tmp_path: Path, archive: Path, models: Path) -> None:
    assert "no archive at" in refused(tmp_path / "nothing.tar", models)
    (tmp_path / "noise.tar").write_bytes(b"noise" * 1000)
    assert "no whole tar or zip archive" in refused(tmp_path / "noise.tar", models)
    (tmp_path / "half.tar").write_bytes(archive.read_bytes()[:60_000])
    assert "half.tar" in refused(tmp_path / "half.tar", models)


def test_an_archive_of_a_catalogue_model_is_held_to_the_catalogue(
    tmp_path: Path, models: Path
) -> None:
    """An archive cannot pass other files off as a model that is pinned."""
    folder = tmp_path / "bge-small-en-v1.5"
    shutil.copytree(SOURCE, folder)
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    row = model_row(str(folder))
    export_model(dataclasses.replace(row, name="bge-small-en-v1.5"), tmp_path / "fake.tar")
    assert "not the file that is pinned" in refused(tmp_path / "fake.tar", models)


@pytest.fixture
def zipped(tmp_path: Path, models: Path) -> Path:
    export_model(model_row(str(SOURCE)), tmp_path / "model.zip")
    return tmp_path / "model.zip"


def rezipped(archive: Path, member: zipfile.ZipInfo, content: bytes, less: str = "") -> Path:
    """The zip with one member more, deflated, and without another."""
    other = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(other, "w") as new:
        for one in old.infolist():
            if one.filename != less:
                new.writestr(one, old.read(one), zipfile.ZIP_DEFLATED)
        new.writestr(member, content, zipfile.ZIP_DEFLATED)
    return other


def test_a_zip_holds_the_same_model(zipped: Path, tmp_path: Path) -> None:
    export_model(model_row(str(SOURCE)), tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == zipped.read_bytes()
    import_model(zipped).verify()
    with Embedder("qwen3-like") as imported, Embedder(str(SOURCE)) as original:
        assert imported.fingerprint == original.fingerprint


def test_a_zip_that_was_packed_again_by_another_program_is_taken(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as old:
        content = old.read("manifest.json")
    manifest = zipfile.ZipInfo("manifest.json")
    import_model(rezipped(zipped, manifest, content, "manifest.json")).verify()


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a\\evil", "C:evil", "a//b", "a\0b"])
def test_paths_in_a_zip_that_lead_out_are_refused(zipped: Path, models: Path, name: str) -> None:
    info = zipfile.ZipInfo("harmless")
    info.filename = info.orig_filename = name
    assert "holds the path" in refused(rezipped(zipped, info, b"x"), models)


@pytest.mark.parametrize("kind", [0o120000, 0o020000, 0o010000])
def test_links_and_devices_in_a_zip_are_refused(zipped: Path, models: Path, kind: int) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (kind | 0o777) << 16
    assert "not a plain file" in refused(rezipped(zipped, info, b"/etc/passwd"), models)


def test_folders_and_encrypted_files_in_a_zip_are_refused(zipped: Path, models: Path) -> None:
    other = rezipped(zipped, zipfile.ZipInfo("folder/"), b"")
    assert "not a plain file" in refused(other, models)
    content = bytearray(zipped.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    other.write_bytes(content)
    assert "not a plain file" in refused(other, models)


def test_a_bomb_is_refused_before_anything_is_unpacked(zipped: Path, models: Path) -> None:
    other = rezipped(zipped, zipfile.ZipInfo("zeros"), bytes(60_000_000))
    assert other.stat().st_size < 1_000_000
    assert "would grow to 60," in refused(other, models)


def test_a_zip_whose_size_lies_is_refused(zipped: Path, models: Path) -> None:
    content = zipped.read_bytes()
    assert "no whole" in refused(shorter(zipped, content[:-30]), models)
    place = content.index(b"model.onnx") + 2_000
    flipped = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    assert "Bad CRC-32" in refused(shorter(zipped, flipped), models)


def shorter(archive: Path, content: bytes) -> Path:
    other = archive.with_name("other.zip")
    other.write_bytes(content)
    return other


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"name it \.tar or \.zip"):
        export_model(model_row(str(SOURCE)), tmp_path / "model.rar")
    assert list(tmp_path.iterdir()) == []
