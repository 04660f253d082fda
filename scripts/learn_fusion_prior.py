"""Learns the weights that come with the package: `python scripts/learn_fusion_prior.py PATH …`.

Each repository's history is cut; the subjects of later commits ask, and the weights are fitted to
what those changed, over all repositories, each counting the same. They are cloned into a temporary
folder first. Prints the content of retrieve/fusion_prior.json. The features of
projections are zero here; their weights were set by hand (docs/experiments.md).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from verdigris.benchmark import commit_benchmark
from verdigris.knowledge_base import KnowledgeBase
from verdigris.learn.fusion_fit import FusionExample, FusionStart, fit_fusion
from verdigris.retrieve.features import FEATURES
from verdigris.retrieve.lanes import Question
from verdigris.retrieve.learned_fusion import base_scores

EXAMPLES = 200
"""Of each repository, the first after the cut."""


def main() -> None:
    """Fit from zero and print."""
    examples = []
    for path in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as work:
            target = Path(work) / Path(path).name
            subprocess.run(["git", "clone", "-q", path, str(target)], check=True)
            examples += later_commits(target)[:EXAMPLES]
    scales = np.concatenate([one.features for one in examples]).std(axis=0)
    scales[scales < 1e-6] = 1.0
    weights = fit_fusion(examples, FusionStart(np.zeros(len(FEATURES)), scales))
    rows = {
        name: {"weight": round(float(weight), 4), "scale": round(float(scale), 4)}
        for name, weight, scale in zip(FEATURES, weights, scales, strict=True)
    }
    print(json.dumps({"features": rows}, indent=1))


def later_commits(root: Path) -> list[FusionExample]:
    """What commits after the cut ask, with the features that the index at the cut gives."""
    found = []
    with KnowledgeBase(root) as source, commit_benchmark(source) as benchmark:
        at_cut = benchmark.knowledge_base
        past = at_cut.questions.search.past_changes()
        for query in benchmark.queries:
            question = Question(query.text, at_cut.embedder.embed_query(query.text))
            candidates, features = at_cut.questions.search.described(question, past)
            names = at_cut.questions.search.names_of(candidates.document_ids.tolist())
            relevant = np.isin(names, query.relevant)
            if relevant.any():
                found.append(FusionExample(features, base_scores(candidates), relevant))
    return found


if __name__ == "__main__":
    main()
