/** A server that speaks OpenAI's API for embeddings, and does what a test says instead. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export const DIMENSIONS = 4;

/** A request as the server got it. */
export interface Asked {
  readonly model: string;
  readonly input: readonly string[];
  readonly encoding_format?: string;
  readonly authorization: string | undefined;
  readonly path: string;
}

/** Answers a request in place of the server. @returns false: the server answers as it should */
type Instead = (asked: Asked, response: ServerResponse, count: number) => boolean | Promise<boolean>;

/** A server's tokens: one for each word. */
export function wordsIn(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

/** A text's vector: the same for the same first number in it. */
export function vectorOf(text: string): number[] {
  const number = Number(/\d+/.exec(text)?.[0] ?? 0);
  return [number, 100 - number, 1, 0.25];
}

export function answerTo(input: readonly string[]): object {
  const tokens = input.reduce((sum, text) => sum + wordsIn(text), 0);
  return {
    object: 'list',
    // Not in the order of the texts.
    data: input.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) })).reverse(),
    model: 'fake',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}

export function json(response: ServerResponse, status: number, body: unknown, headers = {}): true {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
  return true;
}

export class FakeServer implements AsyncDisposable {
  readonly asked: Asked[] = [];
  /** Texts whose vectors were sent, in order. */
  readonly paid: string[] = [];
  readonly #http: Server;
  instead: Instead;

  private constructor(instead: Instead) {
    this.instead = instead;
    this.#http = createServer((request, response) => void this.#answer(request, response));
  }

  static async start(instead: Instead = () => false): Promise<FakeServer> {
    const server = new FakeServer(instead);
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}/v1`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = JSON.parse(Buffer.concat(pieces).toString()) as Omit<Asked, 'authorization' | 'path'>;
    const asked = { ...body, authorization: request.headers.authorization, path: request.url ?? '' };
    this.asked.push(asked);
    if (await this.instead(asked, response, this.asked.length)) return;
    this.paid.push(...asked.input);
    json(response, 200, answerTo(asked.input));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
