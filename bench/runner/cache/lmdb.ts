import { open, type RootDatabase } from 'lmdb';

/** What LMDB calls its file. */
export const STORE_FILE = 'data.mdb';

/** Opens LMDB's file in a folder, which must be sound: see check.ts. */
export function openStore(folder: string, readOnly: boolean): RootDatabase<Buffer, Buffer> {
  return open<Buffer, Buffer>({
    path: folder,
    // Else a folder with a dot in its name would be taken for a file.
    noSubdir: false,
    readOnly,
    encoding: 'binary',
    keyEncoding: 'binary',
    // A transaction is on the disk when it returns, on every system alike.
    overlappingSync: false,
  });
}
