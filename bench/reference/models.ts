/**
 * The paper's models for which longembed has a preset, and the one on a server (LongEmbed, arXiv 2404.12096, section 5.1 and
 * appendix A).
 */

export interface PaperModel {
  /** Name in the paper's tables. */
  readonly name: string;
  /** Name of longembed's preset of the same model; of a server's model, its name there. */
  readonly preset: string;
  /** Whether it runs on a server. */
  readonly remote?: boolean;
  /** Lo of its runs in the paper, in tokens. */
  readonly nativeContext: number;
  /** Whether a token sees only those before it. */
  readonly causal?: boolean;
  /** Set where one preset serves models of several sizes: the paper's model has at most this many parameters. */
  readonly maxParameters?: number;
}

/**
 * Left out: Nomic-V1, which the paper runs at 8,192 tokens with dynamic NTK scaling, not one of our strategies; GTR.
 */
export const PAPER_MODELS = {
  e5: { name: 'E5-Base', preset: 'e5-base-v2', nativeContext: 512 },
  /** E5-Base with a position matrix of 4,096 rows, interpolated and fine-tuned. */
  e5Tuned: { name: 'E5-Base + tuning', preset: 'e5-base-4k', nativeContext: 4096 },
  e5Rope: { name: 'E5-RoPE-Base', preset: 'e5rope-base', nativeContext: 512 },
  e5Mistral: { name: 'E5-Mistral', preset: 'e5-mistral-7b-instruct', nativeContext: 4096, causal: true },
  gte: { name: 'GTE-Base', preset: 'gte-base', nativeContext: 512 },
  bge: { name: 'BGE-Base', preset: 'bge-base-en-v1.5', nativeContext: 512 },
  contriever: { name: 'Contriever', preset: 'contriever', nativeContext: 512 },
  /** Texts of up to 8,191 tokens; the paper cuts them there. */
  ada: { name: 'OpenAI-Ada-002', preset: 'text-embedding-ada-002', nativeContext: 8191, remote: true },
  bgeM3: { name: 'BGE-M3', preset: 'bge-m3', nativeContext: 8192 },
  /** The preset also serves the larger German, Spanish, Chinese and code models. */
  jina: {
    name: 'Jina-V2',
    preset: 'jina-embeddings-v2-base-en',
    nativeContext: 8192,
    maxParameters: 145_000_000,
  },
} as const satisfies Record<string, PaperModel>;
