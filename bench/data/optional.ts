import { optionalPackages } from '../../lib/optional-packages.js';

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
export function optional<T>(what: keyof typeof OPTIONAL, load: () => Promise<T>): Promise<T> {
  return optionalPackages(`Reading ${what}`, OPTIONAL[what], load);
}
