import { malformed } from './document.js';

/** Reads a line of JSON; throws ERR_INVALID_OPTION when it is not. */
export function parseJson(line: string, expected: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw malformed(`The line is not JSON (${(error as Error).message}): expected ${expected}.`);
  }
}
