import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { damaged } from './folder.js';
import { STORE_FILE } from './lmdb.js';

/**
 * Makes sure that opening and reading a cache cannot end the process; see check-process.ts.
 * @throws LongEmbedError ERR_INVALID_OPTION when its file is damaged
 */
export async function checkStore(folder: string): Promise<void> {
  if (!existsSync(join(folder, STORE_FILE))) return;
  await new Promise<void>((resolve, reject) => {
    const { args, cwd } = checker();
    execFile(process.execPath, [...args, folder], { cwd }, (error, _stdout, stderr) => {
      if (error === null) resolve();
      else reject(damaged(folder, reason(error.signal ?? null, stderr), error));
    });
  });
}

/** The compiled module, or in the repository its source, which needs tsx to be read. */
function checker(): { args: string[]; cwd: string } {
  const built = fileURLToPath(new URL('./check-process.js', import.meta.url));
  const source = fileURLToPath(new URL('./check-process.ts', import.meta.url));
  const args = existsSync(built) ? [built] : ['--import', 'tsx', source];
  return { args, cwd: dirname(built) };
}

function reason(signal: NodeJS.Signals | null, stderr: string): string {
  if (signal !== null) return `reading ${STORE_FILE} ends in ${signal}`;
  const line = /^(?:\w*Error|Error): (.*)$/m.exec(stderr)?.[1] ?? 'it cannot be read';
  return `${STORE_FILE}: ${line.replace(/\.$/, '')}`;
}
