import { readdirSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ScriptError } from './process.mjs';

/** What an installation for one platform may have. */
const MAX_PACKAGES = 40;
const MAX_BYTES = 45e6;
/**
 * Of that, without the platform package, since a build for one processor is smaller than what is published: what the largest, linux-x64
 * with all CPU variants (some 23 MB), leaves.
 */
const MAX_PORTABLE_BYTES = 22e6;

/**
 * The packages in a node_modules folder, as npm lays them out, and their files' sizes.
 * @param {string} folder
 * @returns {{ packages: number, bytes: number, portableBytes: number }} portableBytes: without the platform packages
 */
export function installedSize(folder) {
  const found = { packages: 0, bytes: 0, portableBytes: 0 };
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const status = statSync(join(folder, name));
    if (!status.isFile()) continue;
    if (isManifest(name)) found.packages++;
    found.bytes += status.size;
    if (!name.startsWith(`@longembed${sep}`)) found.portableBytes += status.size;
  }
  return found;
}

/**
 * @param {{ packages: number, bytes: number, portableBytes: number }} size
 * @returns {string} for the report
 * @throws {ScriptError} it is more than an installation may have
 */
export function checkInstalledSize({ packages, bytes, portableBytes }) {
  const megabytes = (/** @type {number} */ number) => `${(number / 1e6).toFixed(1)} MB`;
  if (packages > MAX_PACKAGES)
    throw new ScriptError(`${packages} packages are installed, more than ${MAX_PACKAGES}.`);
  if (bytes > MAX_BYTES)
    throw new ScriptError(`${megabytes(bytes)} are installed, more than ${megabytes(MAX_BYTES)}.`);
  if (portableBytes > MAX_PORTABLE_BYTES) {
    throw new ScriptError(
      `${megabytes(portableBytes)} are installed besides the native part, more than ${megabytes(MAX_PORTABLE_BYTES)}.`,
    );
  }
  return `${packages} packages, ${megabytes(bytes)}`;
}

/** Whether a file below node_modules is the package.json of a package. @param {string} name */
function isManifest(name) {
  const parts = name.split(sep);
  if (parts.pop() !== 'package.json') return false;
  const inner = parts.slice(parts.lastIndexOf('node_modules') + 1);
  return inner.length === (inner[0]?.startsWith('@') === true ? 2 : 1);
}
