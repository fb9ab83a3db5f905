import { z } from 'zod';
import type { ParquetMetadata } from './parquet.js';

const chunkRule = z.union([
  z.number(),
  z.string(),
  z.object({ by: z.literal('tokens'), size: z.number(), overlap: z.number() }),
]);

/**
 * How vectors were made: whatever changes them. Vectors of equal facts belong to one index; the program's version and the device,
 * which change a vector by rounding at most, are told apart from them.
 */
export const vectorFacts = z.object({
  model: z.object({
    /** Name of its file; the content is what counts. */
    name: z.string(),
    /** Of the file's content, or of its parts one after the other, in hex. */
    sha256: z.string(),
    architecture: z.string(),
    /** SHA-256 of the tokenizer.json in use; null: the model file's own vocabulary. */
    tokenizer: z.string().nullable(),
    nativeContext: z.number(),
    specialTokens: z.object({ prefix: z.array(z.number()), suffix: z.array(z.number()) }),
    precision: z.string(),
  }),
  /** The strategy as a spec string. */
  extend: z.string(),
  prompt: z.string(),
  pooling: z.string().nullable(),
  normalize: z.boolean(),
  dimensions: z.number(),
  truncate: z.boolean(),
  maxTokens: z.number().nullable(),
  /** How documents are cut into chunks; null: they are not. */
  chunks: chunkRule.nullable(),
  vectors: z.enum(['document', 'windows']),
});

export type VectorFacts = z.infer<typeof vectorFacts>;

/** The same as key and value of a parquet file. */
export function parquetMetadata(facts: VectorFacts, version: string): ParquetMetadata {
  return {
    'longembed.version': version,
    'longembed.model': facts.model.name,
    'longembed.model.sha256': facts.model.sha256,
    'longembed.extend': facts.extend,
    'longembed.dimensions': String(facts.dimensions),
    'longembed.facts': JSON.stringify(facts),
  };
}
