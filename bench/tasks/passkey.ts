import { Random } from '../../lib/random.js';
import { hide, wordBudget } from './synthetic/hide.js';
import { type Candidate, DOCUMENTS, syntheticTask } from './synthetic/task.js';
import { names } from './synthetic/word-lists.js';

/** Repeated around the key, word for word as in the paper. */
const FILLER = [
  'The grass is green.',
  'The sky is blue.',
  'The sun is yellow.',
  'Here we go.',
  'There and back again.',
];

/** Keys have five digits. */
const FIRST_KEY = 10_000;
const KEYS = 90_000;

/** Personalised passkey retrieval: every document holds a different person's key (paper §3.2). */
export const passkey = syntheticTask(
  {
    name: 'passkey',
    title: 'Passkey',
    mtebName: 'LEMBPasskeyRetrieval',
    // of mteb/LEMBPasskeyRetrieval, MTEB's own copy of the authors' data
    published: { revision: '86ac5a6437198a94ecd666440c78b3e78f258274', documents: 100, queries: 50 },
  },
  ({ seed }) => ({ origin: 'generated', candidates: (length) => candidates(seed, length) }),
);

function candidates(seed: number, length: number): Candidate[] {
  const stream = (what: string | number) => Random.of(seed, 'passkey', length, what);
  const names = people(DOCUMENTS, stream('names'));
  const keys = stream('keys').sample(KEYS, DOCUMENTS);
  return names.map((name, index) => {
    const key = FIRST_KEY + (keys[index] as number);
    const sentence = `${name}'s pass key is ${key}. Remember it. ${key} is the pass key for ${name}.`;
    return {
      ...hide(sentence, repeated(FILLER), wordBudget(length), stream(index)),
      query: `what is the pass key for ${name}?`,
    };
  });
}

/** Full names, all different. */
export function people(count: number, random: Random): string[] {
  const { first, last } = names();
  return random
    .sample(first.length * last.length, count)
    .map((pair) => `${first[pair % first.length] ?? ''} ${last[Math.floor(pair / first.length)] ?? ''}`);
}

function* repeated(sentences: readonly string[]): Generator<string, never> {
  for (;;) yield* sentences;
}
