/**
 * The line protocol between the command and the processes that it measures. stdin: the number of sequences, one line of token
 * ids for each, special tokens included, then commands: `run` embeds all of them and answers with the seconds it took,
 * `vectors` answers with one line of numbers per sequence. stdout: `ready` when the model is loaded, `error …` before the
 * process ends.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';

/**
 * @typedef {object} Embedder a loaded model and the sequences
 * @property {() => Promise<void>} run embeds all of them
 * @property {() => Iterable<ArrayLike<number>>} vectors of the last run
 */

/** @param {(sequences: Int32Array[]) => Promise<Embedder>} load */
export async function serve(load) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  try {
    const count = Number((await lines.next()).value);
    /** @type {Int32Array[]} */
    const sequences = [];
    while (sequences.length < count) {
      sequences.push(Int32Array.from(String((await lines.next()).value).split(' '), Number));
    }
    const embedder = await load(sequences);
    say('ready');
    for await (const command of lines) {
      if (command === 'run') {
        const start = performance.now();
        await embedder.run();
        say(((performance.now() - start) / 1000).toFixed(6));
      } else {
        for (const vector of embedder.vectors()) say(Array.from(vector).join(' '));
      }
    }
  } catch (error) {
    say(`error ${String(error instanceof Error ? error.message : error).replaceAll('\n', ' ')}`);
  }
  process.exit();
}

/** @param {string} line */
function say(line) {
  process.stdout.write(`${line}\n`);
}
