"""Compares loss, gradients and one AdamW step of verdigris.learn with torch's.

    python scripts/check_gradients.py

torch is needed for this script alone (pip install torch==2.13.0); nothing at run time uses it.
"""

from __future__ import annotations

import numpy as np
import torch

from verdigris.learn.network import identity_start
from verdigris.learn.training import AdamW, Batch, Plan, gradients

DIMS, HIDDEN, ROWS, COLUMNS = 96, 48, 32, 50
TOLERANCE = 1e-9


def main() -> None:
    """Compare all forms of the projection; exits with an error where one differs."""
    for hidden in (0, HIDDEN):
        for side in ("query", "shared"):
            difference = largest_difference(Plan(hidden=hidden, side=side))  # type: ignore[arg-type]
            print(f"{'two layers' if hidden else 'one layer':10}  {side:6}  {difference:.1e}")
            if not difference < TOLERANCE:
                raise SystemExit(1)


def largest_difference(plan: Plan) -> float:
    """Largest difference of loss, any gradient, and any weight after one step; in float64."""
    generator = np.random.default_rng(1)
    weights = {
        name: values.astype(np.float64) + generator.normal(0, 0.05, values.shape)
        for name, values in identity_start(DIMS, plan.hidden, DIMS, 0).weights.items()
    }
    batch = random_batch(generator)
    loss, found = gradients(weights, batch, plan)
    parameters = {name: torch.tensor(w, requires_grad=True) for name, w in weights.items()}
    other = torch_loss(parameters, batch, plan)
    other.backward()  # type: ignore[no-untyped-call]
    differences = [abs(loss - float(other))]
    differences += [
        float(np.abs(found[name] - p.grad.numpy()).max()) for name, p in parameters.items()
    ]
    groups = [
        {"params": [p], "weight_decay": plan.weight_decay if p.ndim > 1 else 0.0}
        for p in parameters.values()
    ]
    torch.optim.AdamW(groups, lr=plan.learning_rate).step()
    AdamW(weights, plan.learning_rate, plan.weight_decay).step(found)
    differences += [
        float(np.abs(weights[name] - p.detach().numpy()).max()) for name, p in parameters.items()
    ]
    return max(differences)


def random_batch(generator: np.random.Generator) -> Batch:
    """Unit vectors, some queries with several answers, some with an excluded candidate."""
    queries, candidates = (generator.normal(size=(n, DIMS)) for n in (ROWS, COLUMNS))
    positive = generator.random((ROWS, COLUMNS)) < 0.05
    positive[np.arange(ROWS), np.arange(ROWS)] = True
    excluded = (generator.random((ROWS, COLUMNS)) < 0.02) & ~positive
    return Batch(
        queries / np.linalg.norm(queries, axis=1, keepdims=True),
        candidates / np.linalg.norm(candidates, axis=1, keepdims=True),
        positive,
        excluded,
        generator.uniform(0.2, 1, ROWS),
    )


def torch_loss(parameters: dict[str, torch.Tensor], batch: Batch, plan: Plan) -> torch.Tensor:
    """The same loss, written pair by pair, as a reader of the paper would."""
    queries = project(parameters, torch.tensor(batch.queries))
    candidates = torch.tensor(batch.candidates)
    if plan.side == "shared":
        candidates = project(parameters, candidates)
    scores = queries @ candidates.T / plan.temperature
    total, weight = torch.zeros(()), 0.0
    for row, column in np.argwhere(batch.positive):
        negatives = ~batch.positive[row] & ~batch.excluded[row]
        against = torch.cat([scores[row, column][None], scores[row, torch.tensor(negatives)]])
        total = total + batch.weights[row] * (torch.logsumexp(against, 0) - scores[row, column])
        weight += batch.weights[row]
    return total / weight


def project(parameters: dict[str, torch.Tensor], vectors: torch.Tensor) -> torch.Tensor:
    """The projection as torch has it."""
    moved = torch.nn.functional.linear(vectors, parameters["w1.weight"], parameters["w1.bias"])
    if "w2.weight" in parameters:
        bent = torch.nn.functional.gelu(moved, approximate="tanh")
        moved = torch.nn.functional.linear(bent, parameters["w2.weight"], parameters["w2.bias"])
    return torch.nn.functional.normalize(vectors + moved, dim=1)


if __name__ == "__main__":
    main()
