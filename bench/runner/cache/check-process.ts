/**
 * Walks a cache's file, in a process of its own: LMDB maps the file into memory and trusts it, so that reading a damaged
 * one may end the process. Arguments: the folder. Ends with 0 when all is well, else with a line on stderr or by a signal.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, STORE_FILE } from './lmdb.js';

const folder = process.argv[2] ?? '';
const store = openStore(folder, true);
const { lastPageNumber, pageSize } = store.getStats() as { lastPageNumber: number; pageSize: number };
// A page at the end that is in use no more need not be in the file; whether one is missing that is in use, only reading tells.
const short = statSync(join(folder, STORE_FILE)).size < (lastPageNumber + 1) * pageSize;
for (const key of store.getKeys()) if (short) store.get(key);
