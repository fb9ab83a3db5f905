"""Facts with questions about them. An item is (statement, question, key): items with equal keys state the same fact."""

from functools import cache

from data import text
from data.lists import lines


@cache
def fact_kinds(held_out):
    """(statements, questions) of each block of lists/facts.txt."""
    kinds, current = {False: [], True: []}, None
    raw = "\n".join(["", *_with_blanks("facts")]).split("\n\n")
    for block in raw:
        rows = [row for row in block.splitlines() if row and not row.startswith("#")]
        if not rows:
            continue
        current = ([row[3:] for row in rows if row.startswith("S:")], [row[3:] for row in rows if row.startswith("Q:")])
        kinds[rows[0] == "held-out"].append(current)
    return kinds[held_out]


def _with_blanks(name):
    from data.lists import LISTS

    return (LISTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@cache
def passkey_patterns():
    rows = lines("passkeys")
    attributes = tuple(rows[0].removeprefix("attributes: ").split(", "))
    return attributes, [row[3:] for row in rows if row.startswith("S:")], [row[3:] for row in rows if row.startswith("Q:")]


def passkeys(world, count, attributes):
    """One number for each of `count` people, or several kinds of numbers for fewer; as in the paper's task, in many wordings."""
    _, statements, questions = passkey_patterns()
    rng, items, seen = world.rng, [], set()
    statement, question = rng.choice(statements), rng.choice(questions)
    alike = rng.random() < 0.6  # all documents in one wording, as in a test
    for _ in range(count * 4):
        if len(items) == count:
            break
        name, attr = world.person(), rng.choice(attributes)
        if (name, attr.replace(" ", "")) in seen:
            continue
        seen.add((name, attr.replace(" ", "")))
        if not alike:
            statement, question = rng.choice(statements), rng.choice(questions)
        values = {"name": name, "attr": attr, "code": world.code()}
        asked = {**values, "attr": _spelled_otherwise(rng, attr)}
        items.append((text.fill(world, statement, values), question.format(**asked), (name, attr)))
    return items


def _spelled_otherwise(rng, attr):
    if attr in ("pass key", "passkey") and rng.random() < 0.5:
        return "passkey" if attr == "pass key" else "pass key"
    return attr


def facts(world, count, kinds):
    rng, items, seen = world.rng, [], set()
    for _ in range(count * 4):
        if len(items) == count:
            break
        item = any_sentence(world) if kinds is None or rng.random() < 0.3 else kind_of_fact(world, rng.choice(kinds))
        if item[2] not in seen:
            seen.add(item[2])
            items.append(item)
    return items


def kind_of_fact(world, kind):
    rng, values = world.rng, {}
    statements, questions = kind
    statement = text.fill(world, rng.choice(statements), values)
    question = text.fill(world, rng.choice(questions), values)
    key = question.lower()
    if rng.random() < 0.1:
        statement = text.reword(rng, statement, 0.3)
    if rng.random() < 0.5:
        question = text.reword(rng, question, 0.5)
    if rng.random() < 0.2:
        question = question.rstrip("?")
    return statement, question, key


def any_sentence(world):
    rng, values = world.rng, {}
    pattern = rng.choice([pattern for pattern in text.patterns() if pattern.count("{") >= 3])
    statement = text.fill(world, pattern, values)
    question = text.question_about(world, pattern, values)
    return statement, text.reword(rng, question, 0.3), statement


def pairs(world, count, kinds):
    """Two statements, or two questions, with the same meaning."""
    rng, items, seen = world.rng, [], set()
    for _ in range(count * 4):
        if len(items) == count:
            break
        values = {}
        if rng.random() < 0.5:
            rows = rng.choice(rng.choice(kinds))
            first, second = rng.sample(rows, 2)
            item = text.fill(world, first, values), text.fill(world, second, values)
        else:
            said = text.sentence(world, values)
            item = said, text.reword(rng, said, 0.7)
        if item[1].lower() not in seen:
            seen.add(item[1].lower())
            items.append((*item, item[1].lower()))
    return items
