import { EmbeddingModel } from '../lib/index.js';
import type { ServerOptions } from './options.js';
import { openServer } from './open-server.js';
import type { EmbeddingServer } from './types.js';

/**
 * Makes a server of models; nothing listens yet.
 * @param options see `ServerOptions`
 * @throws LongEmbedError what loading a model throws; ERR_INVALID_OPTION; ERR_STRATEGY_UNSUPPORTED
 * @example
 * await using server = await createServer({ models: { e5: 'e5-base-v2-q8_0.gguf' }, extend: 'pcw:4k' });
 * const { url } = await server.listen({ port: 8080 });
 */
export async function createServer(options: ServerOptions): Promise<EmbeddingServer> {
  return openServer(options, (path, load) => EmbeddingModel.load(path, load));
}
