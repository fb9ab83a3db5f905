/** English prose out of templates and word lists: something to hide a needle in that needs no download. */
import { Deck } from '../deck.js';
import type { Random } from '../random.js';
import * as phrases from './phrases.js';
import { OPENERS, SENTENCES } from './templates.js';
import type { Topic } from './topic.js';
import { TOPICS } from './topics/index.js';

/** Sentences of a passage on one topic, from the first to the second, both included. */
const PASSAGE = [6, 12] as const;

/** What fills the gaps of the templates. */
type Gap = keyof ReturnType<typeof gaps>;

/** A template taken apart: its texts as they are, its gaps by name. */
type Part = { readonly text: string } | { readonly gap: Gap; readonly capital: boolean };

const openers = OPENERS.map(parsed);
const sentences = SENTENCES.map(parsed);

/** Sentences without end. They name no person or place and hold no figures, so they answer no query of the needle task. */
export function* prose(random: Random): Generator<string, never> {
  const general = generalGaps(random);
  const topics = new Deck(
    TOPICS.map((topic) => gaps(topic, general, random)),
    random,
  );
  const opener = new Deck(openers, random);
  const sentence = new Deck(sentences, random);
  const [least, most] = PASSAGE;
  for (;;) {
    const topic = topics.draw();
    yield filled(opener.draw(), topic);
    for (let left = least - 1 + random.below(most - least + 1); left > 0; left--) {
      yield filled(sentence.draw(), topic);
    }
  }
}

function generalGaps(random: Random) {
  return {
    time: new Deck(phrases.times, random),
    turn: new Deck(phrases.turns, random),
    manner: new Deck(phrases.manners, random),
    outcome: new Deck(phrases.outcomes, random),
    verdict: new Deck(phrases.verdicts, random),
    judgement: new Deck(phrases.judgements, random),
    payoff: new Deck(phrases.payoffs, random),
    span: new Deck(phrases.spans, random),
    condition: new Deck(phrases.conditions, random),
  };
}

function gaps(topic: Topic, general: ReturnType<typeof generalGaps>, random: Random) {
  return {
    ...general,
    person: new Deck(topic.people, random),
    thing: new Deck(topic.things, random),
    place: new Deck(topic.places, random),
    deed: new Deck(topic.deeds, random),
    duty: new Deck(topic.duties, random),
    craft: new Deck(topic.crafts, random),
    scene: new Deck(topic.scenes, random),
    saying: new Deck(topic.sayings, random),
    reason: new Deck(topic.reasons, random),
  };
}

function parsed(template: string): readonly Part[] {
  return template
    .split(/[{}]/)
    .map((piece, index) =>
      index % 2 === 0
        ? { text: piece }
        : { gap: piece.toLowerCase() as Gap, capital: piece !== piece.toLowerCase() },
    );
}

function filled(template: readonly Part[], topic: Readonly<Record<Gap, Deck<string>>>): string {
  let sentence = '';
  for (const part of template) {
    if ('text' in part) {
      sentence += part.text;
    } else {
      const phrase = topic[part.gap].draw();
      sentence += part.capital ? phrase.charAt(0).toUpperCase() + phrase.slice(1) : phrase;
    }
  }
  return sentence;
}
