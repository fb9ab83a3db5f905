/** The thread that runs @huggingface/tokenizers: it takes seconds for a long text and would block the event loop. */
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import * as library from '@huggingface/tokenizers';
import { checkVocabulary, sampleTokens } from './model-vocabulary.js';
import { checkTokenizerJson, withoutSpecialText } from './plain-text.js';
import { checkTokenIds } from './text.js';

export interface WorkerData {
  path: string;
  vocabularySize: number;
  /** Path of the model's GGUF file; null: there is none to compare with. */
  model: string | null;
}

/** `ready` comes once, first; then one answer per text, in order. */
export type WorkerAnswer =
  | { kind: 'ready' }
  | { kind: 'unusable'; message: string }
  | { kind: 'tokens'; ids: Int32Array<ArrayBuffer> }
  | { kind: 'failed'; message: string };

/** The part of the library in use; its own declarations do not resolve as ES modules. */
const { Tokenizer } = library as unknown as {
  Tokenizer: new (
    json: object,
    config: object,
  ) => { encode(text: string, options: { add_special_tokens: boolean }): { ids: number[] } };
};

const { path, vocabularySize, model } = workerData as WorkerData;
const port = parentPort;
if (port === null) throw new Error('This file runs as a worker thread.');

const answer = (message: WorkerAnswer): void => port.postMessage(message);
const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

try {
  const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
  checkTokenizerJson(json);
  if (model !== null) checkVocabulary(json, await sampleTokens(model));
  const tokenizer = new Tokenizer(withoutSpecialText(json), {});
  port.on('message', (text: string) => {
    try {
      const { ids } = tokenizer.encode(text, { add_special_tokens: false });
      answer({ kind: 'tokens', ids: checkTokenIds(ids, vocabularySize) });
    } catch (error) {
      answer({ kind: 'failed', message: reason(error) });
    }
  });
  answer({ kind: 'ready' });
} catch (error) {
  answer({ kind: 'unusable', message: reason(error) });
}
