import { throwIfAborted } from '../abort.js';
import { AtomicFile } from '../atomic-file.js';
import { type GgufContent, ggufPieces, ggufSize } from './write.js';

/** What a caller can do while a file is written. */
export interface SaveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called with the fraction of the file that is written, 0 to 1. An error it throws ends the work. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

/**
 * Writes a GGUF file, which is either complete or absent afterwards.
 * @throws LongEmbedError ERR_INVALID_OPTION when it cannot be written, ERR_ABORTED; what the tensors' data and onProgress throw
 */
export async function saveGguf(
  path: string,
  content: GgufContent,
  { signal, onProgress }: SaveOptions,
): Promise<void> {
  const size = ggufSize(content);
  const output = await AtomicFile.create(path);
  try {
    let done = 0;
    for await (const piece of ggufPieces(content)) {
      throwIfAborted(signal);
      await output.write(piece);
      onProgress?.((done += piece.length) / size);
    }
    throwIfAborted(signal);
    await output.commit();
  } finally {
    await output.abandon();
  }
}
