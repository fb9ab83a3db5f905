import { Random } from '../../lib/random.js';
import { type Essays, readEssays } from './synthetic/essays.js';
import { hide, wordBudget } from './synthetic/hide.js';
import { prose } from './synthetic/prose.js';
import { type Candidate, DOCUMENTS, type Recipe, syntheticTask } from './synthetic/task.js';
import { facts, type NeedleFact } from './synthetic/word-lists.js';
import { LONGEMBED_COMMIT, type TaskOptions } from './task.js';

/** The text that hides a fact: an endless sequence of sentences, different for every document. */
type Haystack = (document: number, random: Random) => Iterable<string>;

/** Needle in a haystack: every document hides a different fact in unrelated prose (paper §3.2). */
export const needle = syntheticTask(
  {
    name: 'needle',
    title: 'Needle',
    mtebName: 'LEMBNeedleRetrieval',
    published: { revision: LONGEMBED_COMMIT, documents: 100, queries: 50 },
  },
  ({ essays, ...options }) => (essays === null ? inProse(options) : inEssays(essays, options)),
);

function inProse({ seed }: Pick<TaskOptions, 'seed'>): Recipe {
  return {
    origin: 'generated',
    candidates: (length) => candidates(seed, length, (_, random) => prose(random)),
  };
}

async function inEssays(
  folder: string,
  { seed, lengths, onMessage }: Omit<TaskOptions, 'essays'>,
): Promise<Recipe> {
  const essays = await readEssays(folder);
  if (essays.sentences.length < DOCUMENTS || essays.words < wordBudget(Math.max(...lengths))) {
    onMessage(`The essays in ${folder} have only ${essays.words} words: documents repeat them.`);
  }
  return {
    origin: `generated in essays of ${folder}`,
    candidates: (length) => {
      const starts = startsIn(essays, Random.of(seed, 'needle', length, 'essays'));
      return candidates(seed, length, (document) => readFrom(essays, starts[document] as number));
    },
  };
}

function candidates(seed: number, length: number, haystack: Haystack): Candidate[] {
  const all = facts();
  const chosen = Random.of(seed, 'needle', length, 'facts').sample(all.length, DOCUMENTS);
  return chosen.map((fact, index) => {
    const { text, query } = all[fact] as NeedleFact;
    const random = Random.of(seed, 'needle', length, index);
    return { ...hide(text, haystack(index, random), wordBudget(length), random), query };
  });
}

/** The index of each document's first sentence: evenly spread over the essays. */
function startsIn({ sentences }: Essays, random: Random): number[] {
  const first = random.below(sentences.length);
  return random
    .sample(DOCUMENTS, DOCUMENTS)
    .map((place) => (first + Math.floor((place * sentences.length) / DOCUMENTS)) % sentences.length);
}

/** Endless: continues with the first sentence after the last. */
function* readFrom({ sentences }: Essays, start: number): Generator<string, never> {
  yield* sentences.slice(start);
  for (;;) yield* sentences;
}
