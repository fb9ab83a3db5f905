import type { EmbedManyOptions, Origin, TokenInput } from '../types.js';
import type { LongEmbedError } from '../../error.js';

/** Where a chunk lies in its document's text: [start, end) in UTF-16 units, as `String.slice` takes them. */
export type ChunkSpan = readonly [start: number, end: number];

/** How a text is cut into chunks. */
export type ChunkRule =
  /** Up to so many tokens a chunk, from 1, cut between words; a longer word is cut between characters. */
  | number
  /** A sentence a chunk (Unicode's rules, `Intl.Segmenter`); a paragraph a chunk (separated by empty lines). */
  | 'sentences'
  | 'paragraphs'
  | {
      by: 'tokens' | 'sentences' | 'paragraphs';
      /** How many of them a chunk has, from 1; required for tokens, else 1. */
      size?: number | undefined;
      /** How many of them neighbours share, of tokens at most: less than `size`. Default 0. */
      overlap?: number | undefined;
    };

/**
 * A document in chunks: a text, cut by the option `chunks`; the chunks themselves, whose concatenation is the document; or a text
 * and spans in it, in any order, which may overlap and leave gaps. What lies in gaps is read by the model, too. Or content token
 * ids: spans, and a rule by tokens, then count tokens.
 */
export type ChunkInput =
  | string
  | readonly string[]
  | { readonly text: string; readonly spans: readonly ChunkSpan[] }
  | { readonly tokens: TokenInput; readonly spans?: readonly ChunkSpan[] };

/** A document of `embedManyChunks`. */
export type ManyChunkInput =
  | ChunkInput
  | {
      readonly id?: string | number | undefined;
      readonly text: string;
      readonly spans?: readonly ChunkSpan[];
    }
  | {
      readonly id?: string | number | undefined;
      readonly tokens: TokenInput;
      readonly spans?: readonly ChunkSpan[];
    }
  | { readonly id?: string | number | undefined; readonly chunks: readonly string[] };

/** Options of `embedChunks` and `embedManyChunks`. */
export interface EmbedChunksOptions extends Omit<EmbedManyOptions, 'vectors'> {
  /** How texts that come without chunks are cut. Default: 256 tokens a chunk. */
  chunks?: ChunkRule | undefined;
}

/** A chunk and its vector. */
export interface ChunkEmbedding {
  /** In the text, or in the concatenation of the given chunks: [start, end) in UTF-16 units; of token ids, in tokens. */
  start: number;
  end: number;
  /** The chunk's tokens, counted among the document's content tokens: [tokenStart, tokenEnd). */
  tokenStart: number;
  tokenEnd: number;
  /** Of the model's dimensions, or as many as the option `dimensions` says. */
  embedding: Float32Array;
}

/** A document's chunks and its own vector, all from the same pass over the document. */
export interface ChunkEmbeddings {
  chunks: ChunkEmbedding[];
  /** The document's vector, as `embed` gives it; of a document of several windows, the mean of theirs. */
  embedding: Float32Array;
  /** Tokens of the document, prompt and special tokens included. */
  tokens: number;
  /** Forward passes it took. */
  windows: number;
  /** Always false: documents past the target are computed in windows that overlap. */
  truncated: boolean;
}

/** A result of `embedManyChunks`. */
export type ManyChunksResult = (Origin & ChunkEmbeddings) | (Origin & { error: LongEmbedError });
