"""Updates of a model as one would write them with scikit-learn and NumPy; started by ../scoring.ts, which made the folder that it reads.

Prints a line of JSON: seconds of each update (fit, predict every candidate, take the best), and predictions to compare.
"""

import json
import pathlib
import sys
import time

import numpy as np
import scipy
import sklearn
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.sparse import csr_matrix
from sklearn.neighbors import KNeighborsRegressor

folder = pathlib.Path(sys.argv[1])
spec = json.loads((folder / "spec.json").read_text())
rows, keep, runs = spec["rows"], spec["keep"], spec["runs"]
training = np.array(spec["candidates"])
values = np.array(spec["values"])
settings = spec["settings"]
bits = np.unpackbits(np.fromfile(folder / "fingerprints", np.uint8).reshape(rows, 32), axis=1, bitorder="little").astype(bool)
x = np.fromfile(folder / "descriptors", np.float64).reshape(rows, -1)


def unary(name):
    """Counts as bits, one for the first of a kind, one for the second and so on: then MinMax is Tanimoto, and a sparse product."""
    offsets = np.fromfile(folder / f"{name}.offsets", np.uint32)
    keys = np.fromfile(folder / f"{name}.keys", np.uint32).astype(np.int64)
    counts = np.fromfile(folder / f"{name}.counts", np.uint8)
    row = np.repeat(np.repeat(np.arange(rows), np.diff(offsets.astype(np.int64))), counts)
    nth = np.concatenate([np.arange(count) for count in counts])
    columns, place = np.unique(np.repeat(keys, counts) * 256 + nth, return_inverse=True)
    return csr_matrix((np.ones(len(row)), (row, place)), shape=(rows, len(columns)))


views = [unary(name) for name in spec["views"]]
totals = [np.asarray(view.sum(1)).ravel() for view in views]
norms = (x**2).sum(1)


def kernel(a, b):
    w = x.shape[1]
    products = x[a] @ x[b].T
    squared = np.maximum(norms[a][:, None] + norms[b][None, :] - 2 * products, 0)
    result = settings["rbf"] * np.exp(squared / (-2 * w * settings["lengthScale"] ** 2)) + settings["linear"] / w * products
    for view, total in zip(views, totals):
        both = view[a] @ view[b].T.toarray()
        either = total[a][:, None] + total[b][None, :] - both
        result += settings["fragments"] / len(views) * np.where(either == 0, 1, both / np.where(either == 0, 1, either))
    return result


def chunks(candidates):
    """Row ranges of a space that is the molecules over and over."""
    size = spec["chunk"]
    for start in range(0, candidates, size):
        yield np.arange(start, min(start + size, candidates)) % rows


def best(score):
    return np.argpartition(-score, min(keep, len(score) - 1))[:keep]


def process(candidates):
    spread, centre = values.std(), values.mean()
    y = (values - centre) / spread
    factor = cho_factor(kernel(training, training) + settings["noise"] * np.eye(len(training)), lower=True)
    alpha = cho_solve(factor, y)
    scale = spread * np.sqrt((4 + y @ alpha) / (4 + len(y)))
    first = None
    for chunk in chunks(candidates):
        k = kernel(chunk, training)
        own = settings["fragments"] + settings["rbf"] + settings["linear"] * norms[chunk] / x.shape[1]
        v = solve_triangular(factor[0], k.T, lower=True, check_finite=False)
        mean = centre + spread * (k @ alpha)
        deviation = scale * np.sqrt(np.maximum(own - (v**2).sum(0), 0))
        best(mean + deviation)
        first = (mean, deviation) if first is None else first
    return first


def neighbours(candidates):
    model = KNeighborsRegressor(n_neighbors=4, weights="distance", metric="jaccard", n_jobs=2).fit(bits[training], values)
    first = None
    for chunk in chunks(candidates):
        mean = model.predict(bits[chunk])
        best(mean)
        first = (mean, None) if first is None else first
    return first


results = []
for name, update in (("knn", neighbours), ("gp", process)):
    for candidates, count in runs:
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            mean, deviation = update(candidates)
            seconds.append(time.perf_counter() - start)
        shown = slice(0, 1000)
        results.append(
            {
                "model": name,
                "candidates": candidates,
                "seconds": sorted(seconds)[len(seconds) // 2],
                "mean": mean[shown].tolist(),
                "deviation": None if deviation is None else deviation[shown].tolist(),
            }
        )
versions = f"scikit-learn {sklearn.__version__}, NumPy {np.__version__}, SciPy {scipy.__version__}"
print(json.dumps({"versions": versions, "results": results}))
