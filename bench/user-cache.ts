import { LongEmbedError } from '../lib/error.js';

/**
 * longembed's folder in the user's cache.
 * @param what it is for, and what to do without one: these end the message
 * @throws LongEmbedError ERR_INVALID_OPTION when the user has no home folder
 */
export async function userCacheFolder(what: string, advice: string): Promise<string> {
  try {
    // The package looks for the home folder as soon as it is imported, and a container's user often has none.
    const { default: envPaths } = await import('env-paths');
    return envPaths('longembed', { suffix: '' }).cache;
  } catch (cause) {
    throw new LongEmbedError('ERR_INVALID_OPTION', `This user has no home folder for ${what}: ${advice}.`, {
      cause,
    });
  }
}
