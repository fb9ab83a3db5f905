/** A text to send. */
export interface Outgoing {
  /** Its place among the texts of the call. */
  readonly index: number;
  /** With its prompt, cut where necessary. */
  readonly text: string;
  /** Tokens, or an estimate. */
  readonly tokens: number;
  /** The most tokens it can have. */
  readonly bound: number;
  /** Whether it surely fits the model. */
  readonly isCertain: boolean;
  readonly truncated: boolean;
}

/** The API's limits for one request (OpenAI's API reference, "Create embeddings"). */
export const MAX_TEXTS = 2048;
export const MAX_TOKENS = 300_000;
/** Numbers in one answer: it takes about 20 bytes of JSON for each. */
const MAX_NUMBERS = 1 << 20;

/**
 * Collects texts into one request, in order, as many as its limits allow, at least one. A text whose length only the server
 * knows travels alone: if it is too long, the refusal is about no other.
 * @param dimensions numbers in a vector
 * @param tokensLeft that may still be paid for
 */
export async function nextBatch(
  from: number,
  end: number,
  prepare: (index: number) => Promise<Outgoing>,
  { dimensions, tokensLeft }: { readonly dimensions: number; readonly tokensLeft: number },
): Promise<Outgoing[]> {
  const maxTexts = Math.max(1, Math.min(MAX_TEXTS, Math.floor(MAX_NUMBERS / dimensions)));
  const maxTokens = Math.min(MAX_TOKENS, tokensLeft);
  const batch: Outgoing[] = [];
  let tokens = 0;
  for (let index = from; index < end && batch.length < maxTexts; index++) {
    const text = await prepare(index);
    tokens += text.bound;
    if (batch.length > 0 && (tokens > maxTokens || !text.isCertain)) break;
    batch.push(text);
    if (!text.isCertain) break;
  }
  return batch;
}
