import { LongEmbedError } from './error.js';

/**
 * Imports packages that an installation of longembed comes without: its optional peer dependencies.
 * @param use what takes them, the beginning of a sentence: "Reading a parquet file"
 * @param packages their names, as npm takes them
 * @throws LongEmbedError ERR_INVALID_OPTION with the command that installs them
 */
export async function optionalPackages<T>(
  use: string,
  packages: readonly string[],
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND') throw error;
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `${use} takes packages that longembed does not install by itself: run "npm i ${packages.join(' ')}".`,
      { cause: error },
    );
  }
}
