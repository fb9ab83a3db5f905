/**
 * The texts that the synthetic tasks are made of: JSON files in data/, read and checked on first use. They are part of the
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
  /** A person: "the lock keeper". */
  people: list,
  /** A thing in the singular: "the towpath". */
  things: list,
  /** Where a person can be: "under the brick bridge". */
  places: list,
  /** A past action: "counted the boats before supper". */
  deeds: list,
  /** A task to do: "check the water level". */
  duties: list,
  /** A skill to learn: "steering a long boat". */
  crafts: list,
  /** A scene: "the water lay still and brown". */
  scenes: list,
  /** A saying: "slow water has a long memory". */
  sayings: list,
  /** A reason: "the gate had begun to leak". */
  reasons: list,
});

/** Phrases that fit every topic. */
const general = z.strictObject({
  /** Before a comma at the beginning of a sentence. */
  times: list,
  /** Before a comma at the beginning of a sentence that continues the story. */
  turns: list,
  /** How an action was done, at the end of a sentence. */
  manners: list,
  /** The outcome of an action. */
  outcomes: list,
  /** An opinion about a past action. */
  verdicts: list,
  /** An opinion in general. */
  judgements: list,
  /** The reward for doing the right thing. */
  payoffs: list,
  /** How long something took. */
  spans: list,
  /** The condition of a thing. */
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
export type Phrases = z.infer<typeof general>;
export type NeedleFact = z.infer<typeof fact>;

export const topics: () => readonly Topic[] = lazy('topics', z.array(topic));
export const phrases: () => Phrases = lazy('phrases', general);

/**
 * Sentences with gaps: {person} takes one of the topic's people, {Person} the same with a capital. A passage on a new topic
 * begins with one of `openers`; `sentences` follow.
 */
export const templates = lazy('templates', z.strictObject({ openers: list, sentences: list }));

/** The hundred facts of the needle task. */
export const facts: () => readonly NeedleFact[] = lazy('facts', z.array(fact));

/**
 * Names of the passkey task's people, from many languages, written in ASCII. No last name is the beginning of another, so
 * that one person's name never occurs in another's.
 */
export const names = lazy('names', z.strictObject({ first: list, last: list }));

/** Reads a file on the first call. */
function lazy<T>(name: string, schema: z.ZodType<T>): () => T {
  let content: T | undefined;
  return () => {
    const file = new URL(`./data/${name}.json`, import.meta.url);
    content ??= schema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return content;
  };
}
