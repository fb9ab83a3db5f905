// A process that speaks like lib/native/isolated/child.ts, without a model, and dies as tests want it to. What a batch's
// first token, a text or the path says is what it does.
import { existsSync } from 'node:fs';
import process from 'node:process';

/** @param {object} answer */
const send = (answer) => process.send?.(answer);
/** Dies as ggml does. */
const abort = () => {
  process.stderr.write('a line before\n/llama.cpp/ggml.c:12: GGML_ASSERT(n > 0) failed\n', () => {
    process.kill(process.pid, 'SIGABRT');
  });
};
/** Batches of a lane go one after the other: those behind one that is never done wait. */
const stuck = new Set();

process.on('message', (/** @type {any} */ request) => {
  if (request.kind === 'load') load(request);
  else if (request.kind === 'tokenize') tokenize(request);
  else if (request.kind === 'embed') embed(request);
  else if (request.kind === 'dispose' && process.env['FAKE_STUBBORN'] === undefined) process.exit();
});
process.on('disconnect', () => process.exit());

/** @param {any} request */
function load({ path }) {
  if (path.endsWith('assert') || existsSync(process.env['FAKE_NO_START'] ?? '')) abort();
  else if (path.endsWith('exit')) process.exit(3);
  else if (!path.endsWith('never')) send({ kind: 'loaded', facts: { dimensions: 1 } });
}

/** @param {any} request */
function tokenize({ id, text }) {
  if (text !== 'die at once') send({ kind: 'began', id });
  if (text.startsWith('die')) abort();
  else if (text === 'throw') throw new TypeError('no such thing');
  else if (text !== 'never') send({ kind: 'done', id, value: Int32Array.of(text.length) });
}

/** @param {any} request */
function embed({ id, batch, express }) {
  const [first] = batch.tokens;
  // What dies at once is not reported: REPORT_AFTER_MS in lib/native/isolated/server.ts
  if (first !== 4) send({ kind: 'began', id });
  if (stuck.has(express)) return;
  const dies = first === 1 || first === 4;
  if (dies) abort();
  if (dies || first === 2) stuck.add(express);
  else if (first === 3) send({ kind: 'failed', id, code: 'ERR_OUT_OF_MEMORY', message: 'no memory' });
  else send({ kind: 'done', id, value: Float32Array.of(process.pid) });
}
