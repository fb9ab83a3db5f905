/// <reference lib="esnext.disposable" preserve="true" />
/** longembed/server: embeddings over HTTP. */
export { createServer } from './create-server.js';
export type { RequestRecord, ServerOptions } from './options.js';
export type { Model as ServerModel } from './models/served-model.js';
export type { Address, EmbeddingServer, ListenOptions } from './types.js';
