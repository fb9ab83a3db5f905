import { LongEmbedError } from '../error.js';
import { planDocument } from '../extend/index.js';
import { startJob, type NativeBatch } from '../native/index.js';
import { buildBatch, type Window, windowsOf } from './batch.js';
import { expressTokens, SHORT_TOKENS } from './batch-queue.js';
import { type Document, tooLong } from './document.js';
import type { Engine } from './engine.js';
import type { EmbedSettings } from './options.js';
import type { MemoryEstimate } from './types.js';

/**
 * The memory that embedding a document of some length takes: the native side plans the batch that it would run and reports its size.
 * @param tokens of the document, prompt and special tokens included
 * @throws LongEmbedError ERR_INPUT_TOO_LONG; ERR_INVALID_OPTION when nothing is left for content
 */
export async function memoryFor(
  tokens: number,
  engine: Engine,
  settings: EmbedSettings,
): Promise<MemoryEstimate> {
  const document = await blankDocument(tokens, engine, settings);
  const { native, operations } = engine;
  const batch = firstBatch(document, engine, settings);
  const { resident, devices, express } = await operations.wait(startJob(() => native.memory(batch)));
  const own = devices.filter(({ host }) => host);
  const long = batch.lengths.some((length) => length > SHORT_TOKENS);
  // the native side says what a full batch of the express lane takes
  const lane = (express * expressTokens(batch.tokens.length, long)) / SHORT_TOKENS;
  return {
    tokens,
    windows: document.plans.length,
    resident,
    peak: own.reduce((sum, { missing }) => sum + missing, Math.round(resident + lane)),
    fits: devices.every(({ missing, available }) => missing <= available),
    devices: devices.map(({ name, weights, activations, graphs, missing, available }) => ({
      name,
      weights,
      activations,
      graphs,
      missing,
      available,
    })),
  };
}

/** A stand-in for a document of which only the length is known. */
async function blankDocument(tokens: number, engine: Engine, settings: EmbedSettings): Promise<Document> {
  const { strategyContext, specialTokens } = engine.settings;
  const { prefix, suffix } = specialTokens;
  const prompt = await engine.promptTokens.get(settings.prompt);
  const overhead = { before: prefix.length + prompt.length, after: suffix.length };
  const content = tokens - overhead.before - overhead.after;
  if (content < 1) {
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `The option tokens is ${tokens}: it must be a whole number from ${tokens - content + 1}, prompt and special tokens included.`,
    );
  }
  if (tokens > settings.limit) {
    throw tooLong({ content, overhead: tokens - content }, settings, strategyContext);
  }
  return {
    before: new Int32Array(overhead.before),
    content: new Int32Array(content),
    after: new Int32Array(overhead.after),
    plans: planDocument(settings.extend, strategyContext, content, overhead),
    tokens,
    truncated: false,
    parts: [],
    pools: null,
  };
}

/** The fullest of the document's batches: the first, since its last windows may be the shorter ones. */
function firstBatch(document: Document, engine: Engine, settings: EmbedSettings): NativeBatch {
  const windows: Window[] = [];
  let tokens = 0;
  for (const window of windowsOf(document, engine.settings.shortInputs)) {
    tokens += window.length;
    if (windows.length > 0 && tokens > settings.batchTokens) break;
    windows.push(window);
  }
  return buildBatch(windows, settings.pooling);
}
