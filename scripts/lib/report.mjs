import { readFileSync } from 'node:fs';
import process from 'node:process';

/**
 * Tells on stdout what `longembed embed` wrote about one document.
 * @param {string} file one line of JSON, as the command writes it
 * @param {number} words of the document
 * @param {number} ms that the command took, loading included
 */
export function reportEmbedding(file, words, ms) {
  /** @type {{ id: string, embedding: number[], tokens: number, windows: number, truncated: boolean }} */
  const { id, embedding, tokens, windows, truncated } = JSON.parse(readFileSync(file, 'utf8'));
  const first = embedding.slice(0, 4).map((value) => value.toFixed(4));
  const rows = {
    document: `${id}: ${words} words, ${tokens} tokens, ${windows} windows${truncated ? ', truncated' : ', nothing cut'}`,
    embedding: `${embedding.length} numbers: ${first.join('  ')} …`,
    time: `${(ms / 1000).toFixed(2)} s with loading the model, ${Math.round(tokens / (ms / 1000))} tokens/s`,
  };
  for (const [name, value] of Object.entries(rows)) process.stdout.write(`${name.padEnd(10)} ${value}\n`);
}
