"""The oracle's own checks, by hand: python test/oracle/check.py [folder of models named as in make_fixtures.py]

With a folder that holds jina-bert-v3.gguf and llama.gguf, it also checks what must be equal on whole models.
"""

import itertools
import os
import sys
import unittest
from types import SimpleNamespace
from unittest import mock

import numpy as np

import attention
from architectures.bert import position_rows
from architectures.jina_bert_v2 import slopes
from attention import Rotation, attend, self_extend_distance
from layers import gelu
from model import Model, cosine_distance
from prng import token_ids, words
from rotary import rotate
from strategies import attention_scale, parse, pcw_windows, plan
from vocabulary import content_range

FOLDER = sys.argv.pop(1) if len(sys.argv) > 1 else None


def facts(encoding="rope", causal=False):
    return SimpleNamespace(position_encoding=encoding, causal=causal, rope_base=10000.0)


def only(spec, n, native=64, **more):
    return plan(parse(spec), list(range(n)), [], [], native, facts(**more))[0]


class Strategies(unittest.TestCase):
    def test_worked_example_of_self_extend(self):
        seen = [[self_extend_distance(query, key, 2, 4) for key in range(10)] for query in (0, 4)]
        self.assertEqual(seen, [[0, 1, 2, 3, 4, 4, 5, 5, 6, 6], [-4, -3, -2, -1, 0, 1, 2, 3, 4, 4]])

    def test_both_directions_see_the_same_distance(self):
        for g, w, m, n in itertools.product(range(1, 6), range(1, 9), range(20), range(20)):
            self.assertEqual(self_extend_distance(m, n, g, w), -self_extend_distance(n, m, g, w))

    def test_defaults_are_the_paper_s(self):
        for target, g, w, base in ((128, 3, 32, 3), (256, 5, 16, 5), (512, 9, 8, 10)):
            self.assertEqual(only(f"se:{target}", 65).self_extend, (g, w))
            self.assertEqual(only(f"ntk:{target}", 3).rope_base, 10000.0 * base)

    def test_positions(self):
        self.assertEqual(list(only("gp:512", 129).positions[[0, 2, 3, 128]]), [0, 0, 1, 42])
        self.assertEqual(list(only("gp:512,s=9", 65).positions[[8, 9, 64]]), [0, 1, 7])
        self.assertEqual(list(only("rp:512", 129).positions[[63, 64, 128]]), [63, 0, 0])
        self.assertEqual(list(only("pi:512", 129).positions[[1, 128]]), [0.125, 16])
        for spec in ("gp:512", "rp:512", "pi:512", "se:512"):
            within = only(spec, 64)
            self.assertEqual((list(within.positions), within.self_extend), (list(range(64)), None))

    def test_windows(self):
        self.assertEqual(pcw_windows(list(range(5)), 5), [[0, 1, 2, 3, 4]])
        self.assertEqual(pcw_windows(list(range(6)), 3), [[0, 1, 2], [3, 4, 5]])
        self.assertEqual(pcw_windows(list(range(7)), 3), [[0, 1, 2], [3, 4, 5], [4, 5, 6]])

    def test_attention_scale(self):
        def scale(spec, n, causal=False):
            return attention_scale(parse(spec), n, 64, facts(causal=causal))

        np.testing.assert_allclose(scale("gp", 512), np.full(512, 1.5))
        np.testing.assert_allclose(scale("se", 512, causal=True)[[0, 63, 511]], [1, 1, 1.5])
        np.testing.assert_allclose(scale("gp,attention-scale=off", 512), np.ones(512))
        np.testing.assert_allclose(scale("none", 64), np.ones(64))


class Pieces(unittest.TestCase):
    def setUp(self):
        self.random = np.random.default_rng(1)

    def test_words_are_those_of_random_ts(self):
        self.assertEqual(list(itertools.islice(words(7, "tokens"), 3)), [3504400237, 3957166627, 2717518537])

    def test_rotation_is_a_product_of_complex_numbers(self):
        x, positions = self.random.normal(size=(2, 5, 8)), np.array([0, 1.5, 2, 300, 32767])
        turn = np.exp(1j * positions[:, None] * 100.0 ** (-np.arange(4) / 4))
        pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * turn
        both = np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)
        np.testing.assert_allclose(rotate(x, positions, 100.0, True), both, atol=1e-12)
        halves = np.concatenate([x[..., 0::2], x[..., 1::2]], axis=-1)
        turned = rotate(halves, positions, 100.0, False)
        np.testing.assert_allclose(turned, np.concatenate([pairs.real, pairs.imag], axis=-1), atol=1e-12)

    def test_self_extend_is_attention_by_the_distances_of_its_definition(self):
        heads, n, size = 2, 23, 8
        q, k, v = self.random.normal(size=(3, heads, n, size))
        rotation = Rotation(50.0, False)
        for g, w, causal in ((2, 4, False), (3, 7, True), (4, 1, False), (5, 30, True), (1, 6, False)):
            sequence = SimpleNamespace(positions=np.arange(n), logit_scale=np.full(n, 1.3), self_extend=(g, w))
            expected = np.empty((n, heads, size))
            for m in range(n):
                seen = range(m + 1) if causal else range(n)
                distances = np.array([self_extend_distance(m, key, g, w) for key in seen], dtype=float)
                turned = rotation(k[:, : len(seen)], distances)
                logits = 1.3 * np.einsum("hd,hnd->hn", q[:, m], turned) / np.sqrt(size)
                weights = np.exp(logits - logits.max(axis=1, keepdims=True))
                weights /= weights.sum(axis=1, keepdims=True)
                expected[m] = np.einsum("hn,hnd->hd", weights, v[:, : len(seen)])
            got = attend(q, k, v, sequence, rotation=rotation, causal=causal)
            np.testing.assert_allclose(got, expected.reshape(n, heads * size), atol=1e-12)

    def test_blocks_change_nothing(self):
        q, k, v = self.random.normal(size=(3, 2, 40, 8))
        sequence = SimpleNamespace(positions=np.arange(40), logit_scale=np.ones(40), self_extend=(3, 7))
        whole = attend(q, k, v, sequence, rotation=Rotation(50.0, True), causal=True)
        with mock.patch.object(attention, "BLOCK", 7):
            np.testing.assert_allclose(attend(q, k, v, sequence, rotation=Rotation(50.0, True), causal=True), whole)

    def test_position_rows_between_and_past(self):
        rows = position_rows(np.array([[0.0], [1.0], [4.0]]), [0, 0.5, 1.25, 2, 2.7])
        np.testing.assert_allclose(rows[:, 0], [0, 0.5, 1.75, 4, 4])

    def test_gelu_and_slopes(self):
        np.testing.assert_allclose(gelu(np.array([0.0, 1.0, -2.0])), [0, 0.8413447460685429, -0.04550026389635842])
        np.testing.assert_allclose(slopes(4), [0.25, 0.0625, 0.015625, 0.00390625])
        np.testing.assert_allclose(slopes(6)[4:], [0.5, 0.125])


@unittest.skipUnless(FOLDER, "no folder of models given")
class Models(unittest.TestCase):
    def each(self):
        for name in ("jina-bert-v3", "llama"):
            model = Model(os.path.join(FOLDER, f"{name}.gguf"))
            yield name, model, token_ids(5, 200, *content_range(model.file))

    def test_self_extend_that_extends_nothing_is_running_past(self):
        for _, model, ids in self.each():
            plain, _, _ = model.embed(ids, "none:512,attention-scale=off", "last")
            for key in ("g=1,w=8", "g=7,w=500"):
                extended, _, _ = model.embed(ids, f"se:512,{key},attention-scale=off", "last")
                self.assertLess(cosine_distance(plain, extended), 1e-20)

    def test_interpolation_is_a_lower_frequency(self):
        def slower(x, positions, *more):
            return rotate(x, np.asarray(positions) / 8, *more)

        for _, model, ids in self.each():
            half, _, _ = model.embed(ids, "pi:512,s=8,attention-scale=off", "mean")
            with mock.patch.object(attention, "rotate", slower):
                slow, _, _ = model.embed(ids, "none:512,attention-scale=off", "mean")
            self.assertLess(cosine_distance(half, slow), 1e-20)

    def test_options_count(self):
        for _, model, ids in self.each():
            vectors = [
                model.embed(ids, spec, "mean")[0]
                for spec in (
                    "none:512",
                    "gp:512",
                    "gp:512,s=9",
                    "rp:512",
                    "pi:512",
                    "pi:512,s=9",
                    "ntk:512",
                    "ntk:512,lambda=11",
                    "se:512",
                    "se:512,g=10",
                    "se:512,w=12",
                    "se:512,attention-scale=off",
                    "pcw:512",
                )  # fmt: skip
            ]
            for one, other in itertools.combinations(vectors, 2):
                self.assertGreater(cosine_distance(one, other), 1e-6)

    def test_causal_attention_does_not_see_later_tokens(self):
        model = Model(os.path.join(FOLDER, "llama.gguf"))
        ids = token_ids(5, 200, *content_range(model.file))
        for spec in ("gp:512,s=9", "rp:512", "pi:512", "se:512", "ntk:512"):
            sequences = [plan(parse(f"{spec},attention-scale=off"), ids[:n], [1], [], 64, model)[0] for n in (150, 200)]
            short, long = (model._module.hidden(model.file, sequence) for sequence in sequences)
            np.testing.assert_allclose(short, long[:151], atol=1e-9)


if __name__ == "__main__":
    unittest.main()
