import type { LoadOptions } from '../../lib/index.js';
import { LongEmbedError } from '../../lib/error.js';
import { Client } from './client.js';
import { KNOWN_MODELS, type RemoteFacts } from './known-models.js';
import { remoteName, type Server } from './options.js';
import { type RemoteInfo, RemoteModel } from './remote-model.js';
import type { Pace } from './retry.js';
import type { Spending } from './spending.js';
import { ESTIMATE, exactCounter, SPECIAL_TOKENS } from './token-count.js';

/** What a model on a server needs beside its name. */
export interface RemoteLoad {
  readonly server: Server;
  readonly spending: Spending;
  readonly options: LoadOptions;
  readonly signal: AbortSignal;
  readonly onMessage: (message: string) => void;
  readonly onWarning: (message: string) => void;
  readonly pace?: Pace;
}

/** A word that stands for a text where only the dimensions of its vector matter. */
const PROBE = 'a';

/**
 * A model on a server. Nothing is sent for models whose facts are known; for others, a text of one letter, which tells the
 * dimensions.
 * @param model with its prefix: openai:text-embedding-ada-002
 * @throws LongEmbedError ERR_INVALID_OPTION when its context is unknown; ERR_TOKENIZER; what `Client.embed` throws
 */
export async function loadRemote(model: string, load: RemoteLoad): Promise<RemoteModel> {
  const { server, spending, options, signal, onMessage, onWarning, pace } = load;
  const name = remoteName(model);
  if (name === '')
    throw invalid(`The model ${model} has no name after the colon: openai:text-embedding-ada-002.`);
  const unused = Object.entries({
    pooling: options.pooling,
    preset: options.preset,
    specialTokens: options.specialTokens,
    precision: options.precision,
  }).flatMap(([option, value]) => (value === undefined ? [] : [option]));
  if (unused.length > 0) {
    onWarning(`no effect on a server's model: ${unused.join(', ')}. The server decides that itself.`);
  }
  const known = KNOWN_MODELS[name];
  const nativeContext = options.nativeContext ?? known?.nativeContext;
  if (nativeContext === undefined) {
    throw invalid(
      `The longest text that ${name} takes is not known: give --native-context, in tokens, as its card says.`,
    );
  }
  const counter = options.tokenizer === undefined ? ESTIMATE : await exactCounter(options.tokenizer);
  try {
    const client = new Client(server, name, spending, onMessage, pace);
    const dimensions = known?.dimensions ?? (await probe(client, signal));
    const info = describeRemote(name, server, options, { dimensions, nativeContext });
    return new RemoteModel(info, client, counter, spending, onWarning);
  } catch (error) {
    await counter.dispose();
    throw error;
  }
}

async function probe(client: Client, signal: AbortSignal): Promise<number> {
  const { vectors } = await client.embed([PROBE], 1 + SPECIAL_TOKENS, null, signal);
  return vectors[0]?.length ?? 0;
}

function describeRemote(
  name: string,
  { baseUrl }: Server,
  { prompts, tokenizer, nativeContext: given }: LoadOptions,
  { dimensions, nativeContext }: RemoteFacts,
): RemoteInfo {
  return {
    path: name,
    name,
    engine: 'remote',
    engineReason: null,
    device: baseUrl,
    dimensions,
    nativeContext,
    nativeContextSource: given === undefined ? 'preset' : 'option',
    fileContext: nativeContext,
    prompts: { query: prompts?.query ?? '', document: prompts?.document ?? '' },
    tokenizer: tokenizer ?? 'unknown',
    architecture: 'unknown',
    quantization: 'unknown',
    positionEncoding: 'none',
    preset: null,
    extended: null,
    shortInputs: null,
    pooling: null,
    poolingSource: null,
    filePooling: null,
    precision: 'full',
    specialTokens: { prefix: [], suffix: [] },
    strategies: [],
    warnings: [],
    layers: 0,
    slidingLayers: 0,
    reach: 0,
    heads: 0,
    headsKv: 0,
    feedForward: 0,
    parameters: 0,
    sizeBytes: 0,
    vocabularySize: 0,
    positionRows: 0,
    ropeBase: 0,
    ropeDimensions: 0,
    ropeScale: 1,
    causal: false,
    gpuLayers: 0,
    placement: [],
    threads: 0,
  };
}

function invalid(message: string): LongEmbedError {
  return new LongEmbedError('ERR_INVALID_OPTION', message);
}
