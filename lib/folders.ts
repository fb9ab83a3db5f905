import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder and those above it that do not exist; one that exists stays as it is. Node's own `mkdir` with `recursive` is not
 * used: where a file system refuses to make a folder with ENOENT although the one above is there, as /proc does, Node 20 tries
 * again for ever.
 * @throws the system's error: EEXIST or ENOTDIR where a file is in the way
 */
export async function makeFolders(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const above = dirname(folder);
    if (codeOf(error) === 'ENOENT' && above !== folder) {
      await makeFolders(above);
      await makeFolder(folder);
    } else await refuseUnlessFolder(folder, error);
  }
}

/** Another process may make the same folder at the same moment. */
async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder).catch((error: unknown) => refuseUnlessFolder(folder, error));
}

/** What an existing folder answers depends on the system: EEXIST, for the root of a disk also EISDIR or EPERM. */
async function refuseUnlessFolder(folder: string, error: unknown): Promise<void> {
  const stats = await stat(folder).catch(() => null);
  if (stats?.isDirectory() !== true) throw error;
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
