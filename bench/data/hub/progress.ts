import type { RemoteFile } from './download.js';

/** Between two messages on the same download, in milliseconds. */
const EVERY = 5000;

/** Says now and then how far a download is. */
export class Progress {
  readonly #file: RemoteFile;
  readonly #onMessage: (message: string) => void;
  #said = performance.now();

  constructor(file: RemoteFile, onMessage: (message: string) => void) {
    this.#file = file;
    this.#onMessage = onMessage;
  }

  /** @param bytes that are there */
  at(bytes: number): void {
    if (performance.now() - this.#said < EVERY) return;
    this.#said = performance.now();
    const { path, size } = this.#file;
    const percent = Math.floor((100 * bytes) / size);
    this.#onMessage(`${path}: ${sizeText(bytes)} of ${sizeText(size)}, ${percent} %.`);
  }
}

/** "119.5 MB", "54 kB" */
export function sizeText(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
