/** A server, as `createServer` gives it. */

/** Where a server listens. */
export interface Address {
  host: string;
  port: number;
  url: string;
}

/** Options of `EmbeddingServer.listen`. */
export interface ListenOptions {
  /** Default 127.0.0.1, so that only this machine reaches it. */
  host?: string | undefined;
  /** Default 8080; 0: any that is free. Digits are taken too, as in `process.env.PORT`. */
  port?: number | string | undefined;
}

/** An HTTP server with OpenAI's API for embeddings, and those of others. */
export interface EmbeddingServer extends AsyncDisposable {
  /**
   * Answers a request: for frameworks that take such a function (Hono, Next.js, Bun, Deno), in place of `listen`.
   * @example export const POST = server.fetch; // a route of Next.js
   */
  readonly fetch: (request: Request) => Promise<Response>;
  /**
   * Listens for connections.
   * @throws LongEmbedError ERR_INVALID_OPTION when the address cannot be used
   */
  listen(options?: ListenOptions): Promise<Address>;
  /**
   * Ends the server: new requests are refused, those in progress are finished within `graceMs` (default 30 seconds) and then
   * aborted; models that it loaded are freed.
   */
  close(options?: { graceMs?: number | undefined }): Promise<void>;
}
