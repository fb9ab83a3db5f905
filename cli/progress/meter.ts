import { count, duration, plural } from '../../lib/format.js';

/** The progress of a run: counts, speed and an estimate, independent of how they are shown. */
export class Meter {
  #totalBytes: number | null;
  readonly #now: () => number;
  readonly #begin: number;
  #bytesRead = 0;
  #computed = { tokensDone: 0, tokensTotal: 0 };
  /** Documents that are done, failed ones included. */
  documents = 0;
  failed = 0;
  truncated = 0;
  /** Tokens of the documents that are done. */
  tokens = 0;

  /** @param totalBytes of all inputs; null: unknown */
  constructor(totalBytes: number | null, now: () => number = () => performance.now()) {
    this.#totalBytes = totalBytes;
    this.#now = now;
    this.#begin = now();
  }

  /** A document was read. */
  read(bytes: number): void {
    this.#bytesRead += bytes;
  }

  /** A document was read that an earlier run did: it is no part of the work. */
  passOver(bytes: number): void {
    if (this.#totalBytes !== null) this.#totalBytes -= bytes;
  }

  /** The model's progress on the documents read so far. */
  computed(progress: { tokensDone: number; tokensTotal: number }): void {
    this.#computed = progress;
  }

  /** A document gave a vector. */
  done(result: { tokens: number; truncated: boolean }): void {
    this.documents += 1;
    this.tokens += result.tokens;
    if (result.truncated) this.truncated += 1;
  }

  fail(): void {
    this.documents += 1;
    this.failed += 1;
  }

  /** Tokens computed, those of unfinished documents included. */
  get tokensDone(): number {
    return Math.max(this.tokens, this.#computed.tokensDone);
  }

  /** Seconds since the start. */
  get seconds(): number {
    return (this.#now() - this.#begin) / 1000;
  }

  get tokensPerSecond(): number {
    return this.seconds > 0 ? this.tokensDone / this.seconds : 0;
  }

  /** 0 to 1; null when the size of the input is not known. */
  get fraction(): number | null {
    if (this.#totalBytes === null) return null;
    const { tokensDone, tokensTotal } = this.#computed;
    if (this.#totalBytes === 0 || tokensTotal === 0) return 0;
    return Math.min(1, (this.#bytesRead / this.#totalBytes) * (tokensDone / tokensTotal));
  }

  /** Estimated seconds left; null while they cannot be estimated. */
  get secondsLeft(): number | null {
    const { fraction } = this;
    return fraction === null || fraction === 0 ? null : (this.seconds / fraction) * (1 - fraction);
  }

  /** Documents, tokens, speed and what is left, on one line. */
  get status(): string {
    const left = this.secondsLeft;
    return [
      plural(this.documents, 'document'),
      ...(this.failed > 0 ? [`${count(this.failed)} failed`] : []),
      plural(this.tokensDone, 'token'),
      `${count(this.tokensPerSecond)} tokens/s`,
      ...(left === null || this.fraction === 1 ? [] : [`${duration(left)} left`]),
    ].join(', ');
  }

  /** The finished work, on one line. */
  get summary(): string {
    const { documents, failed, truncated, tokens, seconds, tokensPerSecond } = this;
    const notes = [
      ...(failed > 0 ? [`${count(failed)} failed`] : []),
      ...(truncated > 0 ? [`${count(truncated)} truncated`] : []),
    ];
    return (
      `${plural(documents, 'document')}${notes.length > 0 ? ` (${notes.join(', ')})` : ''}, ${plural(tokens, 'token')} ` +
      `in ${seconds < 10 ? `${seconds.toFixed(1)} s` : duration(seconds)}, ${count(tokensPerSecond)} tokens/s`
    );
  }
}
