import { malformed } from './document.js';
import { parseJson } from './json.js';
import type { Line } from './lines.js';

const EXPECTED = 'an array of token ids such as [2023, 2003]';

/** Reads a JSON array of content token ids. Whether the model has them is checked by the model. */
export function parseTokens(line: string): Line {
  const value = parseJson(line, EXPECTED);
  if (!Array.isArray(value)) throw malformed(`The line is no array: expected ${EXPECTED}.`);
  const wrong = value.findIndex((id) => !Number.isInteger(id) || (id as number) < 0);
  if (wrong >= 0) {
    throw malformed(
      `Element ${wrong} is ${JSON.stringify(value[wrong])}, no token id: expected ${EXPECTED}.`,
    );
  }
  return { content: value as number[] };
}
