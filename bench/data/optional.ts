import { LongEmbedError } from '../../lib/index.js';

/**
 * Packages that only the benchmark reads its data with, by what they are for. An installation of longembed comes without them:
 * they are its optional peer dependencies.
 */
const OPTIONAL = {
  'a parquet file': ['hyparquet', 'hyparquet-compressors'],
  'a .zst file': ['fzstd'],
} as const;

/**
 * Imports optional packages.
 * @param what they read
 * @throws LongEmbedError ERR_INVALID_OPTION with the command that installs them
 */
export async function optional<T>(what: keyof typeof OPTIONAL, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new LongEmbedError(
      'ERR_INVALID_OPTION',
      `Reading ${what} takes packages that longembed does not install by itself: run "npm i ${OPTIONAL[what].join(' ')}".`,
      { cause: error },
    );
  }
}
