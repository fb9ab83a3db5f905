import { expect } from 'vitest';
import { LongEmbedError } from '../../lib/index.js';

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<LongEmbedError> {
  const outcome: unknown = await promise.then(
    () => 'no error',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(LongEmbedError);
  return outcome as LongEmbedError;
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  return (await errorOf(promise)).code;
}
