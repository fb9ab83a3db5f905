/** English prose generated from templates and word lists: filler for needles that needs no download. */
import type { Random } from '../../../lib/random.js';
import { ShuffleBag } from './shuffle-bag.js';
import { phrases, templates, type Topic, topics } from './word-lists.js';

/** Number of sentences of a passage on one topic. */
const MIN_PASSAGE = 6;
const MAX_PASSAGE = 12;

/** The names of the gaps, with the phrases that fill them. */
type Gaps = ReturnType<typeof topicGaps>;

/** A piece of a template: text, or a gap. */
type Piece = { readonly text: string } | { readonly gap: keyof Gaps; readonly capital: boolean };

/** Endless sentences. They name no person or place and contain no figures, so they answer no query of the needle task. */
export function* prose(random: Random): Generator<string, never> {
  const general = generalGaps(random);
  const gaps = new ShuffleBag(
    topics().map((topic) => topicGaps(topic, general, random)),
    random,
  );
  const opener = new ShuffleBag(templates().openers.map(parsed), random);
  const sentence = new ShuffleBag(templates().sentences.map(parsed), random);
  for (;;) {
    const topic = gaps.draw();
    yield filled(opener.draw(), topic);
    for (let left = MIN_PASSAGE - 1 + random.below(MAX_PASSAGE - MIN_PASSAGE + 1); left > 0; left--) {
      yield filled(sentence.draw(), topic);
    }
  }
}

function generalGaps(random: Random) {
  const { times, turns, manners, outcomes, verdicts, judgements, payoffs, spans, conditions } = phrases();
  return {
    time: new ShuffleBag(times, random),
    turn: new ShuffleBag(turns, random),
    manner: new ShuffleBag(manners, random),
    outcome: new ShuffleBag(outcomes, random),
    verdict: new ShuffleBag(verdicts, random),
    judgement: new ShuffleBag(judgements, random),
    payoff: new ShuffleBag(payoffs, random),
    span: new ShuffleBag(spans, random),
    condition: new ShuffleBag(conditions, random),
  };
}

function topicGaps(topic: Topic, general: ReturnType<typeof generalGaps>, random: Random) {
  return {
    ...general,
    person: new ShuffleBag(topic.people, random),
    thing: new ShuffleBag(topic.things, random),
    place: new ShuffleBag(topic.places, random),
    deed: new ShuffleBag(topic.deeds, random),
    duty: new ShuffleBag(topic.duties, random),
    craft: new ShuffleBag(topic.crafts, random),
    scene: new ShuffleBag(topic.scenes, random),
    saying: new ShuffleBag(topic.sayings, random),
    reason: new ShuffleBag(topic.reasons, random),
  };
}

function parsed(template: string): readonly Piece[] {
  return template
    .split(/[{}]/)
    .map((piece, index) =>
      index % 2 === 0
        ? { text: piece }
        : { gap: piece.toLowerCase() as keyof Gaps, capital: piece !== piece.toLowerCase() },
    );
}

function filled(template: readonly Piece[], topic: Gaps): string {
  let sentence = '';
  for (const piece of template) {
    if ('text' in piece) {
      sentence += piece.text;
    } else {
      const phrase = topic[piece.gap].draw();
      sentence += piece.capital ? phrase.charAt(0).toUpperCase() + phrase.slice(1) : phrase;
    }
  }
  return sentence;
}
