"""The embed command: files and streams in, vectors out; and the worker as a real process."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from verdigris.engine import Embedder

if TYPE_CHECKING:
    from tests.serve.conftest import Verdigris

PROGRAM = [sys.executable, "-c", "from verdigris.serve.cli import main; main()"]
MODELS = Path(__file__).parents[1] / "engine" / "models"
EXAMPLES = Path(__file__).parents[2] / "examples"


def embed(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*PROGRAM, "embed", *arguments], input=stdin, capture_output=True, check=False, timeout=60
    )


def records(output: bytes) -> list[Any]:
    return [json.loads(line) for line in output.splitlines()]


def test_each_line_of_standard_input_becomes_a_vector() -> None:
    run = embed(stdin="hello\r\n\nwörld".encode())
    assert (run.returncode, run.stderr) == (0, b"")
    found = records(run.stdout)
    assert [one["id"] for one in found] == [0, 1, 2]
    assert [one["tokens"] for one in found] == [3, 2, 3]
    with Embedder(threads=1) as embedder:
        expected = embedder.embed_batch(["hello", "", "wörld"]).vectors
    np.testing.assert_array_equal(
        np.array([one["vector"] for one in found], dtype=np.float32), expected
    )


def test_a_stand_in_is_a_note_or_with_strict_an_error() -> None:
    pytest.importorskip("mlx.core", reason="the extra is not installed: verdigris[mlx]")
    model = f"{MODELS / 'nomic-like'}+mlx"
    noted = embed("--model", model, stdin=b"hello")
    assert (noted.returncode, len(records(noted.stdout))) == (0, 1)
    assert b"ONNX Runtime on the CPU is used instead" in noted.stderr
    strict = embed("--model", model, "--strict", stdin=b"hello")
    assert (strict.returncode, strict.stdout) == (2, b"")
    assert b"is not a BERT encoder" in strict.stderr
    assert strict.stderr.count(b"\n") == 1


def test_json_lines_keep_their_ids(verdigris: Verdigris, tmp_path: Path) -> None:
    file = tmp_path / "texts.jsonl"
    file.write_text(
        '"plain"\n\n{"id": "x", "text": "two\\nlines", "other": 1}\n{"text": "three"}\n'
    )
    out = tmp_path / "vectors.jsonl"
    run = verdigris("embed", str(file), "--jsonl", "-o", str(out), "--input-type", "query")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert [one["id"] for one in records(out.read_bytes())] == [0, "x", 3]


def test_npy_is_a_matrix_that_numpy_reads(tmp_path: Path) -> None:
    lines = b"\n".join(b"text %d" % number for number in range(600))
    run = embed("--format", "npy", "-", stdin=lines)
    matrix = np.load(io.BytesIO(run.stdout))
    assert (matrix.shape, matrix.dtype) == ((600, 384), np.float32)
    out = tmp_path / "matrix.npy"
    assert embed("--format", "npy", "--output", str(out), stdin=lines).returncode == 0
    np.testing.assert_array_equal(np.load(out), matrix)
    with Embedder(threads=1) as embedder:
        np.testing.assert_array_equal(matrix[599], embedder.embed_passage("text 599"))


def test_no_text_is_exit_1_and_truncated_ones_are_told(
    verdigris: Verdigris, tmp_path: Path
) -> None:
    file, out = tmp_path / "texts", tmp_path / "out"
    file.write_bytes(b"")
    assert verdigris("embed", str(file), "-o", str(out)).code == 1
    assert out.read_bytes() == b""
    file.write_text("word " * 300)
    run = verdigris("embed", str(file), "-o", str(out))
    assert (run.code, run.out) == (0, "")
    assert run.err == "note: 1 text truncated: the model sees 256 tokens of a text\n"
    assert records(out.read_bytes())[0]["truncated"] is True
    assert verdigris("embed", str(file), "-o", str(out), "--quiet").err == ""


def test_long_texts_are_refused_or_chunked_where_asked() -> None:
    texts = b"short\n" + b"word " * 400 + b"\nlater\n"
    run = embed("--long-input", "error", stdin=texts)
    assert (run.returncode, run.stderr.count(b"\n")) == (2, 1)
    assert b"text 1 has more than the 256 tokens" in run.stderr
    assert [one["id"] for one in records(run.stdout)] == [0]
    run = embed("--long-input", "chunk", stdin=texts)
    assert (run.returncode, run.stderr) == (0, b"")
    assert [one["truncated"] for one in records(run.stdout)] == [False] * 3
    assert records(run.stdout)[1]["tokens"] > 400


def test_dims_that_the_model_was_not_trained_for_are_refused() -> None:
    run = embed("--dims", "100", stdin=b"a")
    assert (run.returncode, run.stdout, run.stderr.count(b"\n")) == (2, b"", 1)
    models = Path(__file__).parents[1] / "engine" / "models"
    run = embed("--model", str(models / "bert-cls"), stdin=b"a")
    assert len(records(run.stdout)[0]["vector"]) == 32


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'"a"\n{"id": 1}\n', "line 2 has no text"),
        (b'"a"\nnope\n', "line 2 is not JSON"),
        (b'"a"\n{"id": [], "text": "b"}\n', "line 2: the id must be"),
        (b'"a"\n\xff\n', "line 2 is not UTF-8"),
        (b'"a"\n' + b"[" * 100_000, "line 2 is not JSON"),
    ],
)
def test_a_bad_line_is_named_and_leaves_no_file(
    verdigris: Verdigris, tmp_path: Path, content: bytes, says: str
) -> None:
    file = tmp_path / "texts"
    file.write_bytes(content)
    run = verdigris("embed", str(file), "--jsonl", "-o", str(tmp_path / "out"))
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert says in run.err
    assert [path.name for path in tmp_path.iterdir()] == ["texts"]
    streamed = embed(str(file), "--jsonl")
    assert streamed.returncode == 2
    assert len(records(streamed.stdout)) == 1


def test_what_cannot_be_read_or_written_is_one_line(verdigris: Verdigris, tmp_path: Path) -> None:
    run = verdigris("embed", str(tmp_path / "nothing"))
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "cannot read" in run.err
    file = tmp_path / "texts"
    file.write_text("a")
    run = verdigris("embed", str(file), "-o", str(tmp_path / "no" / "folder"))
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "cannot write" in run.err
    assert verdigris("embed", str(file), "--model", "nope").code == 2


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("closed", "says"),
    [
        ("embed >&-", "standard output is closed; name a file with --output"),
        ("embed <&-", "standard input is closed; name a file"),
        ("embed --format npy >&-", "standard output is closed"),
        ("embed --serve-stdio >&-", "the worker needs standard input and output"),
        ("embed --serve-stdio <&-", "the worker needs standard input and output"),
    ],
)
def test_a_closed_stream_is_named(closed: str, says: str) -> None:
    run = subprocess.run(
        ["sh", "-c", f'"$@" {closed}', "sh", *PROGRAM],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1)
    assert run.stderr.startswith(f"verdigris: {says}")


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_a_file_is_written_though_standard_output_is_closed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["sh", "-c", '"$@" >&-', "sh", *PROGRAM, "embed", "-o", str(out)]
    assert subprocess.run(command, input=b"a\nb\n", check=False, timeout=60).returncode == 0
    assert len(records(out.read_bytes())) == 2


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_no_file(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    arguments = ["embed", "-o", str(tmp_path / "out")]
    with subprocess.Popen(
        [*PROGRAM, *arguments], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdin is not None
        run.stdin.write(b"text\n" * 1_000)
        run.stdin.flush()
        while not any(tmp_path.iterdir()):
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(sent)
        assert run.wait(60) == code
    assert list(tmp_path.iterdir()) == []


class Worker:
    """A worker as a process."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*PROGRAM, "embed", "--serve-stdio", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def ask(self, request: object) -> Any:  # noqa: ANN401
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def test_the_worker_answers_while_its_input_is_open_and_ends_with_it() -> None:
    worker = Worker("--threads", "1")
    with worker.process:
        assert worker.ask({"op": "ping", "id": 1}) == {"id": 1, "ok": True}
        assert worker.ask({"op": "info"})["info"]["threads"] == 1
        assert worker.ask("nonsense")["ok"] is False
        assert len(worker.ask({"op": "embed", "texts": ["a", "b"]})["vectors"]) == 2
        out, err = worker.process.communicate(timeout=20)
    assert (out, err, worker.process.returncode) == (b"", b"", 0)


def test_the_worker_answers_a_text_that_is_too_long_with_an_error() -> None:
    worker = Worker("--long-input", "error")
    with worker.process:
        answer = worker.ask({"op": "embed", "id": 1, "texts": ["a", "word " * 400]})
        assert (answer["id"], answer["error"]["type"]) == (1, "InputTooLong")
        assert "input 1 has more than the 256 tokens" in answer["error"]["message"]
        assert worker.ask({"op": "ping"})["ok"] is True
        worker.process.communicate(timeout=20)


def test_shutdown_ends_the_worker_though_its_input_is_open() -> None:
    worker = Worker()
    with worker.process:
        assert worker.ask({"op": "shutdown", "id": "bye"}) == {"id": "bye", "ok": True}
        assert worker.process.wait(20) == 0


def test_a_client_that_dies_ends_the_worker_quietly() -> None:
    worker = Worker()
    with worker.process:
        worker.ask({"op": "ping"})
        assert worker.process.stdout is not None
        worker.process.stdout.close()
        _, err = worker.process.communicate(b'{"op": "ping"}\n' * 100, timeout=20)
    assert (err, worker.process.returncode) == (b"", 0)


def test_a_worker_without_model_says_so_on_standard_error() -> None:
    run = embed("--serve-stdio", "--model", "nope", stdin=b'{"op": "ping"}\n')
    assert (run.returncode, run.stdout, run.stderr.count(b"\n")) == (2, b"", 1)


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_an_interrupt_ends_the_worker() -> None:
    worker = Worker()
    with worker.process:
        worker.ask({"op": "ping"})
        worker.process.send_signal(signal.SIGINT)
        assert worker.process.wait(20) == 130


def test_prints_of_libraries_do_not_disturb_the_protocol() -> None:
    """What is written to descriptor 1 behind Python's back goes to standard error."""
    program = (
        "import os\nfrom verdigris.engine import worker\n"
        "plain = worker.Worker.serve\n"
        "def noisy(self, requests):\n"
        "    os.write(1, b'noise'); print('more noise', flush=True); plain(self, requests)\n"
        "worker.Worker.serve = noisy\n"
        "from verdigris.serve.cli import main\nmain(['embed', '--serve-stdio'])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], input=b'{"op": "ping"}\n', capture_output=True, check=False
    )
    assert run.stdout == b'{"id":null,"ok":true}\n'
    assert run.stderr == b"noisemore noise\n"


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """`verdigris` as a program, for the examples."""
    file = tmp_path / "verdigris"
    file.write_text(f"#!{sys.executable}\nfrom verdigris.serve.cli import main\nmain()\n")
    file.chmod(0o755)
    return file


@pytest.mark.skipif(shutil.which("mkfifo") is None, reason="needs a POSIX shell")
def test_the_shell_example_runs(command: Path) -> None:
    run = subprocess.run(
        ["sh", EXAMPLES / "worker.sh", 'say "hi" \\ there', "b"],
        env=os.environ | {"VERDIGRIS": str(command)}, capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    first, second, end = records(run.stdout)
    assert [first["id"], second["id"], end] == [1, 2, {"id": "end", "ok": True}]
    assert first["token_counts"] == [8]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
def test_the_node_example_ranks_texts(command: Path) -> None:
    texts = ["how do I undo a commit?", "git revert makes a new commit", "salt the soup"]
    run = subprocess.run(
        ["node", EXAMPLES / "worker.mjs", *texts],
        env=os.environ | {"VERDIGRIS": json.dumps([str(command)])},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    near, far = run.stdout.splitlines()
    assert near.endswith(texts[1])
    assert float(near.split()[0]) > float(far.split()[0]) + 0.3
