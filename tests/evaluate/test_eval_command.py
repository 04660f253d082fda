"""`verdigris eval` on a real repository with the bundled model."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import ir_measures
import pytest
from click.testing import CliRunner, Result

from verdigris.benchmark import evaluate_queries
from verdigris.errors import EvaluationError
from verdigris.knowledge_base import KnowledgeBase
from verdigris.serve.cli.program import cli
from verdigris.settings import Settings

FILES = {
    "docs/kettle.md": "# Kettle\n\nThe kettle whistles when the water boils on the stove.\n",
    "docs/garden.md": "# Garden\n\nTomatoes and beans grow behind the house in summer.\n",
    "docs/my boat.md": "# Boat\n\nA wooden boat needs new varnish before every spring.\n",
    "src/tides.py": 'def tide_height(hour: int) -> float:\n    """Height of the tide."""\n'
    "    return hour * 0.1\n",
    "sessions/20250102-090000.md": "# Session: Varnish\n\n## Activity Log\n\n### 09:10 - Note\n\n"
    "- sanded the hull and ordered varnish\n",
    "sessions/20250301-090000.md": "# Session: Harvest\n\n## Activity Log\n\n### 09:10 - Note\n\n"
    "- picked tomatoes and sanded nothing\n",
}  # fmt: skip
QUERIES: list[dict[str, object]] = [
    {"id": "boat", "query": "varnish for a wooden boat", "relevant": ["docs/my boat.md"]},
    {"id": "garden", "query": "where do tomatoes grow", "relevant": ["docs/garden.md", "gone.md"]},
    {"id": "early", "query": "what was sanded", "relevant": ["sessions/20250102-090000.md"],
     "before": "20250301-090000"},
]  # fmt: skip


def git(folder: Path, *arguments: str) -> str:
    identity = {"GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.org",
                "GIT_COMMITTER_NAME": "Ann", "GIT_COMMITTER_EMAIL": "ann@example.org",
                "GIT_CONFIG_GLOBAL": os.devnull}  # fmt: skip
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env={**os.environ, **identity}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A small repository; log, index and cache lie beside it."""
    base = tmp_path_factory.mktemp("eval")
    root = base / "home"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    for name, text in FILES.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "Describe the household")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VERDIGRIS_CACHE_DIR", str(base / "cache"))
        patch.setenv("VERDIGRIS_CONFIG_DIR", str(base / "config"))
        yield root


def write_queries(folder: Path, queries: list[dict[str, object]]) -> Path:
    path = folder / "queries.jsonl"
    path.write_text("\n".join(json.dumps(query) for query in queries), encoding="utf-8")
    return path


def read_back(path: Path) -> list[ir_measures.ScoredDoc]:
    return list(ir_measures.read_trec_run(str(path)))  # type: ignore[no-untyped-call]


def run(repository: Path, *arguments: object) -> Result:
    return CliRunner().invoke(
        cli, ["-C", str(repository), "eval", *map(str, arguments)], catch_exceptions=True
    )


def test_json_reports_each_lane_and_what_is_missing(repository: Path, tmp_path: Path) -> None:
    sha = git(repository, "rev-parse", "HEAD")
    queries: list[dict[str, object]] = [*QUERIES, {"id": "who", "query": "describe household",
                          "relevant": [f"commit:{sha[:10].upper()}"]}]  # fmt: skip
    run_file = tmp_path / "run.txt"
    result = run(repository, "--queries", write_queries(tmp_path, queries), "--json",
                 "--run-file", run_file)  # fmt: skip
    assert result.exit_code == 0, result.output
    value = json.loads(result.stdout)
    assert value["schema_version"] == 1
    assert value["suites"][0]["lanes"] == value["lanes"]
    assert (value["queries"], value["relevant"], value["depth"]) == (4, 5, 100)
    assert value["missing"] == [{"query": "garden", "doc": "gone.md"}]
    lanes = ["fused", "dense", "lexical-passages", "lexical-documents", "names", "history"]
    assert list(value["lanes"]) == lanes
    fused = value["lanes"]["fused"]
    assert fused["hit@10"] == 1
    assert fused["recall@10"] == pytest.approx((1 + 1 / 2 + 1 + 1) / 4)
    assert value["index"]["chunks"] == value["index"]["vectors"] > 0
    assert 0 < value["latency_ms"]["p50"] <= value["latency_ms"]["p95"]
    rows = read_back(run_file)
    assert {row.query_id for row in rows} == {"boat", "garden", "early", "who"}
    found = {row.doc_id for row in rows if row.query_id == "early"}
    assert "sessions/20250102-090000.md" in found
    assert "sessions/20250301-090000.md" not in found
    assert "docs/my%20boat.md" in {row.doc_id for row in rows}
    assert f"commit:{sha}" in {row.doc_id for row in rows}


def test_the_run_file_gives_the_reported_numbers(repository: Path, tmp_path: Path) -> None:
    """Another evaluator, from the file alone, must come to the same means."""
    relevant = {"garden": "docs/garden.md", "early": "sessions/20250102-090000.md"}
    queries: list[dict[str, object]] = [
        {**query, "relevant": [relevant[str(query["id"])]]}
        for query in QUERIES
        if query["id"] in relevant
    ]
    run_file = tmp_path / "run.txt"
    with KnowledgeBase(repository) as knowledge_base:
        report = evaluate_queries(knowledge_base, write_queries(tmp_path, queries), run_file)
    fused = report.suites[0].lanes[0].metrics
    judgements = [ir_measures.Qrel(name, document, 1) for name, document in relevant.items()]
    measures = [ir_measures.RR, ir_measures.nDCG @ 10]
    scored = read_back(run_file)
    again = ir_measures.calc_aggregate(measures, judgements, scored)
    assert again[measures[0]] == pytest.approx(fused.mrr)
    assert again[measures[1]] == pytest.approx(fused.ndcg_at_10)


def test_the_table_names_lanes_metrics_and_missing_documents(
    repository: Path, tmp_path: Path
) -> None:
    result = run(repository, "--queries", write_queries(tmp_path, QUERIES))
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "queries: questions of queries.jsonl"
    assert lines[1] == "3 questions, 4 right answers (1 not in the index)"
    assert lines[2].startswith("nothing that `oxidize` learned takes part")
    assert lines[5].split() == ["MRR", "recall@5", "recall@10", "nDCG@10"]
    assert [line.split()[0] for line in lines[6:12]] == [
        "fused", "dense", "lexical-passages", "lexical-documents", "names", "history",
    ]  # fmt: skip
    assert "verdict: 100 % of the questions have a right answer among the first 10" in result.stdout
    assert "p50" in result.stdout
    assert "p95" in result.stdout
    assert "gone.md (query garden) is not in the index" in result.stderr


def test_many_missing_documents_are_counted(repository: Path, tmp_path: Path) -> None:
    queries: list[dict[str, object]] = [
        {"id": n, "query": "tide", "relevant": [f"gone/{n}.md"]} for n in range(7)
    ]
    result = run(repository, "--queries", write_queries(tmp_path, queries))
    assert result.exit_code == 0
    assert "and 2 more relevant documents are not" in result.stderr
    assert result.stdout.splitlines()[6].split()[:3] == ["fused", "0.000", "±0.000"]
    assert "names (finds nothing that is wanted)" in " ".join(result.stdout.split())


def test_no_queries_is_nothing_found(repository: Path, tmp_path: Path) -> None:
    path = write_queries(tmp_path, [])
    result = run(repository, "--queries", path)
    assert result.exit_code == 1
    assert f"No queries in {path}" in result.stdout
    result = run(repository, "--queries", path, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["queries"] == 0


def test_the_first_documents_only(repository: Path, tmp_path: Path) -> None:
    """`depth` bounds the rankings, in the file as well."""
    run_file = tmp_path / "run.txt"
    with KnowledgeBase(repository, Settings()) as knowledge_base:
        report = evaluate_queries(
            knowledge_base, write_queries(tmp_path, QUERIES), run_file, depth=2
        )
    assert report.suites[0].depth == 2
    ranks = [int(line.split()[3]) for line in run_file.read_text().splitlines()]
    assert max(ranks) == 2


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"before": "last full moon"}, r"query 'q' \(line 1\): 'last full moon' is not a time"),
        ({"before": "20259999-999999"}, r"query 'q' \(line 1\)"),
        ({"relevant": ["commit:"]}, r"commit: may mean commit:[0-9a-f]{40} or .*more digits"),
    ],
)
def test_queries_that_cannot_be_understood(
    repository: Path, tmp_path: Path, query: dict[str, object], complaint: str
) -> None:
    if "commit:" in query.get("relevant", []):  # type: ignore[operator]
        git(repository, "commit", "-q", "--allow-empty", "-m", "Say nothing")
    asked = {"id": "q", "query": "tide", "relevant": ["src/tides.py"], **query}
    with (
        KnowledgeBase(repository) as knowledge_base,
        pytest.raises(EvaluationError, match=complaint),
    ):
        evaluate_queries(knowledge_base, write_queries(tmp_path, [asked]))


def test_questions_that_taught_are_told(repository: Path, tmp_path: Path) -> None:
    with KnowledgeBase(repository) as opened:
        opened.feedback.keep(opened.ask("which boat  leaks most?"))
        opened.feedback.use(["1"])
    texts = ("Which boat leaks most?", "which boat leaks most?")
    asked: list[dict[str, object]] = [
        {"id": text, "query": text, "relevant": ["docs/my boat.md"]} for text in texts
    ]
    result = run(repository, "--queries", write_queries(tmp_path, asked), "--json")
    (warning,) = json.loads(result.stdout)["warnings"]
    assert warning.startswith("1 of the questions are among those whose used results")


def test_the_query_file_does_not_answer_its_own_queries(repository: Path, tmp_path: Path) -> None:
    """It holds every question word for word, and may well lie in the repository."""
    inside = repository / "asked.jsonl"
    inside.write_text(write_queries(tmp_path, QUERIES[:1]).read_text())
    try:
        run_file = tmp_path / "run.txt"
        assert run(repository, "--queries", inside, "--run-file", run_file).exit_code == 0
        found = [row.doc_id for row in read_back(run_file)]
        assert found[0] == "docs/my%20boat.md"
        assert "asked.jsonl" not in found
    finally:
        inside.unlink()


def test_a_bad_run_file_is_refused_before_the_work(repository: Path, tmp_path: Path) -> None:
    with KnowledgeBase(repository) as knowledge_base, pytest.raises(EvaluationError, match="run"):
        evaluate_queries(
            knowledge_base, write_queries(tmp_path, QUERIES), tmp_path / "no" / "run.txt"
        )
