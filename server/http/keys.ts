import { createHash, timingSafeEqual } from 'node:crypto';
import { ApiError } from '../api-error.js';

/** The keys that a server accepts, compared in a time that does not depend on them. */
export class Keys {
  readonly #hashes: readonly Buffer[];

  /** @param keys empty: everybody is let in */
  constructor(keys: readonly string[]) {
    this.#hashes = keys.map(hash);
  }

  /** @param header the request's Authorization @throws ApiError 401 */
  check(header: string | undefined): void {
    if (this.#hashes.length === 0) return;
    const given = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
    const candidate = hash(given ?? '');
    // all of them are compared, whichever matches
    const matches = this.#hashes.map((known) => timingSafeEqual(known, candidate));
    if (given !== undefined && matches.includes(true)) return;
    throw new ApiError(
      401,
      given === undefined
        ? 'The request has no API key: send it in the header "Authorization: Bearer KEY".'
        : 'The API key is not known here.',
      { code: 'invalid_api_key', type: 'authentication_error' },
    );
  }
}

/** Keys of any length become the same number of bytes, which `timingSafeEqual` needs. */
function hash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
