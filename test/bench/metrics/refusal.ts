import { LongEmbedError } from '../../../lib/index.js';

/** Code and message of the LongEmbedError that `call` throws; anything else that it does is thrown on. */
export function refusal(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    return partsOf(error);
  }
  throw new Error('nothing was thrown');
}

/** The same of a promise's rejection. */
export async function rejection(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const outcome = await promise.then(
    () => new Error('the promise was not rejected'),
    (error: unknown) => error,
  );
  return partsOf(outcome);
}

function partsOf(error: unknown): { code: string; message: string } {
  if (!(error instanceof LongEmbedError)) throw error;
  return { code: error.code, message: error.message };
}
