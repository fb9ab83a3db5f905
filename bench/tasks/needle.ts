import { type Essays, readEssays } from './synthetic/essays.js';
import { type Fact, FACTS } from './synthetic/facts/index.js';
import { hide } from './synthetic/hide.js';
import { prose } from './synthetic/prose/prose.js';
import { Random } from './synthetic/random.js';
import { type Candidate, DOCUMENTS, type Recipe, syntheticTask } from './synthetic/synthetic-task.js';
import { wordBudget } from './synthetic/words.js';
import type { TaskOptions } from './task.js';

/** What a document hides its fact in: sentences without end, others for every document. */
type Haystack = (document: number, random: Random) => Iterable<string>;

/** Needle in a haystack: every document hides another fact in prose that has nothing to do with it (paper §3.2). */
export const needle = syntheticTask(
  { name: 'needle', title: 'Needle', mtebName: 'LEMBNeedleRetrieval' },
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
  const facts = Random.of(seed, 'needle', length, 'facts').sample(FACTS.length, DOCUMENTS);
  return facts.map((fact, index) => {
    const { text, query } = FACTS[fact] as Fact;
    const random = Random.of(seed, 'needle', length, index);
    return { text: hide(text, haystack(index, random), wordBudget(length), random), query };
  });
}

/** The sentence at which each document begins: all over the essays, as far from one another as can be. */
function startsIn({ sentences }: Essays, random: Random): number[] {
  const first = random.below(sentences.length);
  return random
    .sample(DOCUMENTS, DOCUMENTS)
    .map((place) => (first + Math.floor((place * sentences.length) / DOCUMENTS)) % sentences.length);
}

/** To the last sentence, and on from the first. */
function* readFrom({ sentences }: Essays, start: number): Generator<string, never> {
  yield* sentences.slice(start);
  for (;;) yield* sentences;
}
