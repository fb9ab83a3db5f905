"""Cases for fixtures: spec string, length, pooling. n counts special tokens and prompt (design.md §5).

An architecture's FIXTURES are dicts of the functions at the end of this file, put together: name of a fixture to its cases.
A fixture is of the model of its name, which in -strategies and -windows is what stands before; those in -32k take minutes.
"""

from dataclasses import dataclass

from pooling import POOLINGS

NATIVE = 64
PROMPT = "find this: "


@dataclass
class Case:
    """extend: spec string; n: tokens in all; native: None where the file's context counts; special: False for a
    sequence without special tokens."""

    extend: str
    n: int
    pooling: str = "mean"
    native: int | None = None
    prompt: str | None = None
    special: bool = True


@dataclass
class Chunks:
    """Chunk vectors of a text of n tokens in all; spans: of content tokens, counted from the end where negative."""

    extend: str
    n: int
    spans: tuple
    pooling: str = "mean"
    prompt: str | None = None


# One block of the engine's tokens is 512, so lengths lie on both sides of one, two and three of them.
BLOCK_LENGTHS = (511, 512, 513, 1024, 1025, 1537, 2048)


def each_pooling(extend, lengths, **more):
    return [Case(extend, n, pooling, **more) for n in lengths for pooling in POOLINGS]


def turning_poolings(extend, lengths, **more):
    return [Case(extend, n, POOLINGS[i % 3], **more) for i, n in enumerate(lengths)]


def within_context():
    return each_pooling("none", (3, 4, 63, 64)) + [
        Case("none", 40, prompt=PROMPT),
        Case("none,attention-scale=position", 64),
    ]


def windows():
    """Windows of 64 with two special tokens hold 62: exact windows end at 126 and 188."""
    return (
        each_pooling("pcw:512", (3, 64, 65, 129))
        + turning_poolings("pcw:512", (63, 66, 126, 127, 188, 511, 512))
        + turning_poolings("pcw:512", (40, 64, 65, 129, 511), prompt=PROMPT)
        + [Case("pcw", 200), Case("pcw:100", 100), Case("pcw:512,attention-scale=off", 129)]
    )


def by_distance(model):
    """A bias by distance in place of positions (ALiBi, T5): every length, and every attention scaling, which multiplies the
    product of query and key and not the bias."""
    return {
        model: within_context() + windows() + past_context() + without_special_tokens(),
        f"{model}-chunks": chunks("distance"),
        **window_keys(model),
    }


def in_llama_context(model):
    """A model that runs in llama.cpp's own context, which cannot scale attention."""
    return {
        model: each_pooling("none", (3, 4, 63, 64))
        + each_pooling("pcw:512", (65, 129))
        + [Case("none", 40, prompt=PROMPT), Case("pcw:512", 129, prompt=PROMPT)]
        + turning_poolings("none:512,attention-scale=off", (65, 129, 511))
    }


def past_context():
    """RoPE or a bias by distance without extension, across the context and across the engine's blocks."""
    scales = ("attention-scale=position", "attention-scale=off", "attention-scale=length")
    return (
        each_pooling("none:512", (64, 65, 129, 511))
        + [Case(f"none:512,{scale}", n) for scale in scales for n in (65, 129)]
        + turning_poolings("none:2k", BLOCK_LENGTHS)
        + turning_poolings("none:2k,attention-scale=position", (513, 1537))
    )


def ntk():
    return (
        each_pooling("ntk:512", (3, 64, 65, 129))
        + turning_poolings("ntk:512", (4, 63, 511, 512))
        + turning_poolings("ntk:128", (3, 63, 64, 65, 128))
        + turning_poolings("ntk:256", (64, 129, 255))
        + turning_poolings("ntk:512,lambda=7.5", (64, 129, 511))
        + turning_poolings("ntk:2k", (513, 1025, 1537))
        + [Case("ntk", 300), Case("ntk:100", 90), Case("ntk:512", 129, prompt=PROMPT)]
        + [Case(f"ntk:512,attention-scale={kind}", 129, "last") for kind in ("length", "position", "off")]
    )


def many_rows(model):
    """A position matrix of 2,048 rows: on its own, and with a smaller native context said by the caller."""
    cases = (
        turning_poolings("none", (3, *BLOCK_LENGTHS))
        + turning_poolings("none:2k", (3, 63, 64, 65, 129, *BLOCK_LENGTHS), native=NATIVE)
        + [Case(f"none:2k,attention-scale={kind}", 513, native=NATIVE) for kind in ("position", "off")]
        + turning_poolings("pcw:2k", (513, 1025), native=NATIVE)
        + turning_poolings("pcw:2k", (1025,), native=512)
    )
    return {model: cases}


def without_special_tokens():
    return [
        Case("none", n, pooling, special=False) for n, pooling in ((1, "mean"), (1, "last"), (2, "last"), (64, "mean"))
    ]


def extended(spec):
    """A strategy below its native context, where nothing may change, and above it with every attention scaling."""
    lengths = (65, 129, 511)
    return (
        turning_poolings(spec, (3, 63, 64))
        + turning_poolings(spec, lengths)
        + [
            Case(f"{spec},attention-scale={kind}", n, POOLINGS[(i + j) % 3])
            for i, kind in enumerate(("length", "position", "off"))
            for j, n in enumerate(lengths)
        ]
    )


def position_strategies():
    specs = ("gp:512", "gp:512,s=9", "rp:512", "pi:512", "pi:512,s=12.5")
    return [case for spec in specs for case in extended(spec)] + [
        Case("gp", 300), Case("rp", 300), Case("pi", 300),
        Case("gp:100", 100), Case("rp:100", 100), Case("pi:100", 100),
        Case("gp:512", 512, "last"), Case("rp:512", 512, "last"), Case("pi:512", 512, "last"),
        Case("gp:512", 129, prompt=PROMPT), Case("rp:512", 129, prompt=PROMPT), Case("pi:512", 129, prompt=PROMPT),
        *turning_poolings("gp:2k", (513, 1025)), *turning_poolings("rp:2k", (513, 1025)),
        *turning_poolings("pi:2k", (513, 1025)),
    ]  # fmt: skip


def window_keys(model):
    """The keys of pcw, in a fixture MODEL-windows."""
    keys = ("overlap=16", "overlap=50", "weights=tokens", "pool=max", "overlap=7,weights=tokens", "overlap=9,pool=max")
    cases = [case for key in keys for case in turning_poolings(f"pcw:512,{key}", (64, 65, 129))]
    prompts = [Case(f"pcw:512,{key}", 200, prompt=PROMPT) for key in ("overlap=16", "weights=tokens", "pool=max")]
    return {f"{model}-windows": cases + prompts}


def self_extend():
    """Groups that divide the window and groups that do not; windows of one token, and wider than a block or the text."""
    specs = (
        "se:512", "se:512,g=9,w=64", "se:512,g=3,w=7", "se:512,g=4,w=1", "se:512,g=5,w=600", "se:512,g=1,w=8",
        "se:512,g=7,w=33",
    )  # fmt: skip
    return [case for spec in specs for case in extended(spec)] + [
        Case("se", 300), Case("se:100", 100), Case("se:128", 128), Case("se:256", 200), Case("se:512", 512, "last"),
        Case("se:512", 129, prompt=PROMPT),
        *turning_poolings("se:2k", (513, 1025, 1537)),
        *turning_poolings("se:2k,g=33,w=129", (513, 1537)),
        *turning_poolings("se:2k,g=5,w=700", (1025, 1537)),
        *turning_poolings("se:2k,g=601,w=2", (1537,)),
        *turning_poolings("se:2k,g=5,w=512", (1025,)),
    ]  # fmt: skip


def beyond_the_paper():
    """dntk and yarn: a sequence within the native context, where nothing may change, and longer ones."""
    return (
        turning_poolings("dntk:512", (3, 64, 65, 129, 511))
        + turning_poolings("yarn:512", (3, 64, 65, 129, 511))
        + turning_poolings("yarn:256", (129, 255))
        + turning_poolings("dntk:2k", (513, 1537))
        + turning_poolings("yarn:2k", (513, 1537))
        + [Case(f"{method}:512,attention-scale={kind}", 129) for method in ("dntk", "yarn") for kind in ("length", "off")]
        + [Case("dntk", 300), Case("yarn", 300), Case("yarn:512", 129, prompt=PROMPT)]
    )


def chunks(position_encoding):
    """One window and several, chunks across their edges, chunks that overlap, and all of the text as one."""
    spans = ((0, 9), (9, 40), (30, -20), (-20, -19), (-19, None))
    specs = {"absolute": "gp:512", "rope": "se:512"}
    own = specs.get(position_encoding, "none:512")
    return [
        Chunks("none", 64, spans),
        Chunks("none", 60, ((0, None),), prompt=PROMPT),
        Chunks("none", 150, spans, prompt=PROMPT),
        Chunks("pcw:512", 300, spans, pooling="last"),
        Chunks("pcw:512,overlap=0", 300, spans),
        Chunks("pcw:512,overlap=40,pool=max", 300, spans, prompt=PROMPT),
        Chunks("pcw:512,weights=tokens", 300, spans, pooling="last"),
        Chunks(own, 511, spans),
        Chunks(own, 511, spans, pooling="last"),
        Chunks(own.replace("512", "256"), 700, spans),
        Chunks(own.replace("512", "1k"), 1300, spans),
    ]


def every_case(model, position_encoding):
    """All cases of a model: MODEL, MODEL-strategies for self-extend and the position strategies, MODEL-beyond for what is not the
    paper's, MODEL-chunks for chunk vectors."""
    rotates = position_encoding == "rope"
    plain = within_context() + windows() + (past_context() + ntk() if rotates else []) + without_special_tokens()
    return {
        model: plain,
        f"{model}-strategies": position_strategies() + (self_extend() if rotates else []),
        f"{model}-chunks": chunks(position_encoding),
        **({f"{model}-beyond": beyond_the_paper()} if rotates else {}),
        **window_keys(model),
    }


def optional_tensors(model, position_encoding):
    """A model with tensors left out or put in that others of its architecture have."""
    past = {"rope": "ntk:512", "alibi": "none:512", "relative": "none:512"}.get(position_encoding)
    return {model: within_context() + (turning_poolings(past, (65, 129, 511)) if past else [])}


def bidirectional(model):
    """A decoder with rotary positions whose file says that it attends both ways: every strategy, fewer lengths."""
    strategies = ("gp:512", "rp:512", "pi:512", "se:512", "se:512,g=3,w=7")
    return {
        model: within_context()
        + each_pooling("pcw:512", (65, 129))
        + each_pooling("none:512", (65, 511))
        + turning_poolings("none:2k", BLOCK_LENGTHS)
        + turning_poolings("ntk:512", (64, 129, 511)),
        f"{model}-strategies": [case for spec in strategies for case in extended(spec)]
        + turning_poolings("se:2k", (513, 1025)),
    }


def long(model):
    """32,768 tokens. It takes minutes."""
    return {model: each_pooling("ntk:32k", (32768,))}
