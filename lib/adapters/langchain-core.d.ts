/**
 * The part of @langchain/core that langchain.ts uses, by its shape: the package and what it needs are too large to install for
 * everybody who works on longembed. test/clients compiles against the real one.
 */
declare module '@langchain/core/embeddings' {
  export interface EmbeddingsParams {
    maxConcurrency?: number;
    maxRetries?: number;
    onFailedAttempt?: (error: unknown) => unknown;
  }
  export abstract class Embeddings {
    constructor(params: EmbeddingsParams);
    abstract embedDocuments(documents: string[]): Promise<number[][]>;
    abstract embedQuery(document: string): Promise<number[]>;
  }
}
