import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { LongEmbedError } from '../../lib/index.js';

/**
 * Reads a JSON file of any content.
 * @param what what a person should name instead when there is no such file: a sentence without a full stop
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file
 */
export async function readJson(path: string, what: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code, message } = error as NodeJS.ErrnoException;
    throw invalid(
      code === 'ENOENT' || code === 'ENOTDIR'
        ? `There is no file ${path}: ${what}.`
        : `Cannot read ${path}: ${message}.`,
      error,
    );
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw invalid(`${path} is not JSON: ${(error as Error).message}.`, error);
  }
}

/**
 * Checks what a JSON file holds.
 * @throws LongEmbedError ERR_INVALID_OPTION that names the file and the field: "results.json: runs[0].extend: expected string"
 */
export function checkJson<T>(path: string, schema: z.ZodType<T>, content: unknown): T {
  const checked = schema.safeParse(content);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const what = issue === undefined ? 'it is malformed' : `${field(issue.path)}: ${sentence(issue.message)}`;
  throw invalid(`${path}: ${what}.`);
}

export function invalid(message: string, cause?: unknown): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message, cause === undefined ? {} : { cause });
}

/** runs[0].tasks[1].main */
function field(path: readonly PropertyKey[]): string {
  const name = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('');
  return name === '' ? 'the whole file' : name.replace(/^\./, '');
}

function sentence(message: string): string {
  return message.replace(/^Invalid input: /, '');
}
