"""bert: absolute positions as rows of a matrix. A position between two rows is interpolated between them; past the last
row, the last row counts."""

import numpy as np

import encoder
from cases import every_case, many_rows, optional_tensors
from layers import gelu, linear

POSITION_ENCODING = "absolute"
FIXTURES = {
    **every_case("bert", POSITION_ENCODING),
    **many_rows("bert-rows"),
    **optional_tensors("bert-bare", POSITION_ENCODING),
}


def position_rows(matrix, positions):
    """(n, dimensions): the matrix's rows at whole or fractional positions."""
    positions = np.clip(np.asarray(positions, dtype=np.float64), 0, len(matrix) - 1)
    low = np.floor(positions).astype(int)
    high = np.minimum(low + 1, len(matrix) - 1)
    part = (positions - low)[:, None]
    return matrix[low] * (1.0 - part) + matrix[high] * part


def feed_forward(file, block, x):
    return linear(file, f"{block}.ffn_down", gelu(linear(file, f"{block}.ffn_up", x)))


def hidden(file, sequence):
    rows = position_rows(file.tensor("position_embd.weight"), sequence.positions)
    return encoder.run(file, sequence, feed_forward, added=rows)
