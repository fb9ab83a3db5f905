import { hide } from './synthetic/hide.js';
import { people } from './synthetic/people.js';
import { Random } from './synthetic/random.js';
import { type Candidate, DOCUMENTS, syntheticTask } from './synthetic/synthetic-task.js';
import { wordBudget } from './synthetic/words.js';

/** Said over and over around the key, word for word as in the paper. */
const FILLER = [
  'The grass is green.',
  'The sky is blue.',
  'The sun is yellow.',
  'Here we go.',
  'There and back again.',
];

/** Keys have five digits. */
const KEYS = { first: 10_000, count: 90_000 } as const;

/** Personalised passkey retrieval: every document holds the key of somebody else (paper §3.2). */
export const passkey = syntheticTask(
  { name: 'passkey', title: 'Passkey', mtebName: 'LEMBPasskeyRetrieval' },
  ({ seed }) => ({ origin: 'generated', candidates: (length) => candidates(seed, length) }),
);

function candidates(seed: number, length: number): Candidate[] {
  const stream = (what: string | number) => Random.of(seed, 'passkey', length, what);
  const names = people(DOCUMENTS, stream('names'));
  const keys = stream('keys').sample(KEYS.count, DOCUMENTS);
  return names.map((name, index) => {
    const key = KEYS.first + (keys[index] as number);
    const sentence = `${name}'s pass key is ${key}. Remember it. ${key} is the pass key for ${name}.`;
    return {
      text: hide(sentence, repeated(FILLER), wordBudget(length), stream(index)),
      query: `what is the pass key for ${name}?`,
    };
  });
}

function* repeated(sentences: readonly string[]): Generator<string, never> {
  for (;;) yield* sentences;
}
