/**
 * The texts that the synthetic tasks are made of: JSON files in data/, checked when they are read. They are part of the
 * benchmark: a changed word changes its documents.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

const list = z.array(z.string().min(1)).min(1);

/**
 * Phrases about one subject, without capitals or full stops. The templates combine them: any phrase fits any other of its
 * topic.
 */
const topic = z.strictObject({
  name: z.string(),
  /** Somebody: "the lock keeper". */
  people: list,
  /** A thing in the singular: "the towpath". */
  things: list,
  /** Where somebody can stand: "under the brick bridge". */
  places: list,
  /** What somebody did: "counted the boats before supper". */
  deeds: list,
  /** What somebody might do: "check the water level". */
  duties: list,
  /** What can be learned: "steering a long boat". */
  crafts: list,
  /** What could be seen or heard: "the water lay still and brown". */
  scenes: list,
  /** What is always true: "slow water has a long memory". */
  sayings: list,
  /** Why something was done: "the gate had begun to leak". */
  reasons: list,
});

/** Phrases that fit every topic. */
const phrases = z.strictObject({
  /** Before a comma at the beginning of a sentence. */
  times: list,
  /** Before a comma at the beginning of a sentence that continues the story. */
  turns: list,
  /** After what somebody did, at the end of a sentence. */
  manners: list,
  /** What came of something. */
  outcomes: list,
  /** What something was like to do. */
  verdicts: list,
  /** What something is like in general. */
  judgements: list,
  /** The reward for doing the right thing. */
  payoffs: list,
  /** How long something took. */
  spans: list,
  /** What a thing was like. */
  conditions: list,
});

/** A statement that only one document of the needle task makes, invented for this benchmark. */
const fact = z.strictObject({
  subject: z.string(),
  /** One or two sentences. */
  text: z.string(),
  /** Asks for the answer in other words. */
  query: z.string(),
  /** The words of `text` that answer the query; no other fact contains them. */
  answer: z.string(),
});

export type Topic = z.infer<typeof topic>;
export type Phrases = z.infer<typeof phrases>;
export type NeedleFact = z.infer<typeof fact>;

export const TOPICS: readonly Topic[] = read('topics', z.array(topic));
export const PHRASES: Phrases = read('phrases', phrases);

/**
 * Sentences with gaps: {person} takes one of the topic's people, {Person} the same with a capital. A passage on a new topic
 * begins with one of `openers`; `sentences` follow.
 */
export const TEMPLATES = read('templates', z.strictObject({ openers: list, sentences: list }));

/** The hundred facts of the needle task. */
export const FACTS: readonly NeedleFact[] = read('facts', z.array(fact));

/**
 * Names of the passkey task's people, from many languages, written in ASCII. No last name is the beginning of another, so
 * that one person's name never occurs in another's.
 */
export const NAMES = read('names', z.strictObject({ first: list, last: list }));

function read<T>(name: string, schema: z.ZodType<T>): T {
  const file = new URL(`./data/${name}.json`, import.meta.url);
  return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
}
