"""Reads GGUF files: metadata, and tensors as float64 arrays. F32, F16 and BF16 only: the oracle needs exact weights."""

import struct

import numpy as np

_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_ALIGNMENT_KEY = "general.alignment"


class GgufFile:
    """A GGUF file: `metadata` (key to value) and `tensor(name)`.

    A tensor of GGUF shape (columns, rows) comes as an array of shape (rows, columns), so `x @ tensor.T` applies it.
    """

    def __init__(self, path):
        self._data = np.memmap(path, dtype=np.uint8, mode="r")
        self._at = 0
        if bytes(self._take(4)) != b"GGUF":
            raise ValueError(f"{path} is not a GGUF file")
        version = self._scalar(4)
        if version not in (2, 3):
            raise ValueError(f"{path}: GGUF version {version} is not known here")
        tensor_count, entry_count = self._scalar(10), self._scalar(10)
        self.metadata = {}
        for _ in range(entry_count):
            key = self._string()
            self.metadata[key] = self._value(self._scalar(4))
        self._tensors = {}
        for _ in range(tensor_count):
            name = self._string()
            shape = tuple(self._scalar(10) for _ in range(self._scalar(4)))
            kind, offset = self._scalar(4), self._scalar(10)
            self._tensors[name] = (shape, kind, offset)
        alignment = self.metadata.get(_ALIGNMENT_KEY, 32)
        self._start = -(-self._at // alignment) * alignment

    def __contains__(self, name):
        return name in self._tensors

    def tensor_names(self):
        return list(self._tensors)

    @property
    def architecture(self):
        return self.metadata["general.architecture"]

    def value(self, key, default=None):
        """The value of `<architecture>.<key>`; KeyError when it is missing and there is no default."""
        full = f"{self.architecture}.{key}"
        if default is None:
            return self.metadata[full]
        return self.metadata.get(full, default)

    def tensor(self, name):
        """The tensor as float64, or None where the file has no tensor of that name."""
        if name not in self._tensors:
            return None
        shape, kind, offset = self._tensors[name]
        count = int(np.prod(shape))
        widths = {0: 4, 1: 2, 30: 2}
        if kind not in widths:
            raise ValueError(f"{name} has tensor type {kind}; the oracle reads F32, F16 and BF16 only")
        start = self._start + offset
        raw = self._data[start : start + count * widths[kind]].tobytes()
        if kind == 30:
            numbers = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            numbers = np.frombuffer(raw, "<f4" if kind == 0 else "<f2")
        return numbers.astype(np.float64).reshape(shape[::-1])

    def _take(self, size):
        part = self._data[self._at : self._at + size]
        if len(part) != size:
            raise ValueError("the file ends too early")
        self._at += size
        return part

    def _scalar(self, kind):
        layout = _SCALARS[kind]
        return struct.unpack(layout, self._take(struct.calcsize(layout)).tobytes())[0]

    def _string(self):
        return self._take(self._scalar(10)).tobytes().decode("utf-8")

    def _value(self, kind):
        if kind == _STRING:
            return self._string()
        if kind == _ARRAY:
            inner, count = self._scalar(4), self._scalar(10)
            return [self._value(inner) for _ in range(count)]
        return self._scalar(kind)
