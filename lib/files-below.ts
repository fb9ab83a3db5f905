import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * The files in a folder and in its folders, sorted by path. Links to files count as files. Links to folders are not followed, since
 * they may lead back to where they are; the folder itself may be one.
 * @param matches whether a name is wanted
 * @returns paths that begin with the folder's
 * @throws the system's error when a folder cannot be read
 */
export async function filesBelow(folder: string, matches: (name: string) => boolean): Promise<string[]> {
  const files: string[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (matches(entry.name) && (await isFile(entry, path))) files.push(path);
    }
  }
  return files.sort();
}

async function isFile(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isFile();
  // One that leads nowhere stays, so that reading it names it instead of losing it.
  return stat(path).then(
    (target) => target.isFile(),
    () => true,
  );
}
