/** A model's facts that its server does not tell. */
export interface RemoteFacts {
  readonly dimensions: number;
  /** Tokens of the longest text that the server takes. */
  readonly nativeContext: number;
}

/** OpenAI's embedding models: their guide "Vector embeddings" (platform.openai.com/docs/guides/embeddings), table of models. */
export const KNOWN_MODELS: Readonly<Record<string, RemoteFacts>> = {
  'text-embedding-ada-002': { dimensions: 1536, nativeContext: 8191 },
  'text-embedding-3-small': { dimensions: 1536, nativeContext: 8191 },
  'text-embedding-3-large': { dimensions: 3072, nativeContext: 8191 },
};
