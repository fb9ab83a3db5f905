import { join } from 'node:path';
import { capture, npmCommand, ScriptError } from './process.mjs';

/**
 * @typedef {object} Packed
 * @property {string} file the tarball
 * @property {number} bytes its size
 * @property {number} unpackedBytes the files' sizes together
 * @property {number} files
 */

/**
 * Runs `npm pack`.
 * @param {string} folder of the package
 * @param {string} output folder for the tarball
 * @returns {Packed}
 * @throws {ScriptError}
 */
export function packFolder(folder, output) {
  const [npm, args] = npmCommand(['pack', '--json', '--pack-destination', output]);
  const { ok, out, err } = capture(npm, args, { cwd: folder });
  if (!ok) throw new ScriptError(`npm pack failed in ${folder}: ${err.trim()}`);
  const [packed] = Object.values(JSON.parse(out));
  return {
    file: join(output, packed.filename.replace('@', '').replace('/', '-')),
    bytes: packed.size,
    unpackedBytes: packed.unpackedSize,
    files: packed.entryCount,
  };
}
