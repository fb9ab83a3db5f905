import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { packageName } from './platform-package.mjs';
import { capture, npmCommand, ScriptError } from './process.mjs';
import { TARGETS } from './targets.mjs';

/** @typedef {{ manifest: Record<string, any>, content: Buffer }} Tarball */

/**
 * A package registry on this machine that has the tarballs of a folder and takes everything else from the configured one, so that
 * package managers install them as they will install what is published. Platform packages without a tarball are
 * there and empty, for the package managers that look at all of them.
 * @param {string} folder with the .tgz files
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export async function startLocalRegistry(folder) {
  const tarballs = readTarballs(folder);
  const upstream = configuredRegistry();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(
      new globalThis.URL(request.url ?? '/', 'http://localhost').pathname,
    ).slice(1);
    const host = `http://${request.headers.host}`;
    const file = tarballs.get(path.replace(/^-\//, ''));
    if (path.startsWith('-/') && file !== undefined) {
      response.setHeader('content-type', 'application/octet-stream');
      response.end(file.content);
      return;
    }
    const listed = [...tarballs].filter(([, { manifest }]) => manifest['name'] === path);
    if (listed.length > 0) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(describe(path, listed, host)));
      return;
    }
    void forward(upstream, request, response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/**
 * @param {string} folder
 * @returns {Map<string, Tarball>} by file name
 */
function readTarballs(folder) {
  /** @type {Map<string, Tarball>} */
  const found = new Map();
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.tgz'))) {
    const { ok, out } = capture('tar', ['-xzOf', join(folder, name), 'package/package.json']);
    if (!ok) throw new ScriptError(`${join(folder, name)} is not a package.`);
    found.set(name, { manifest: JSON.parse(out), content: readFileSync(join(folder, name)) });
  }
  const main = [...found.values()].find(({ manifest }) => manifest['name'] === 'longembed');
  if (main === undefined) throw new ScriptError(`${folder} has no tarball of longembed.`);
  const names = new Set([...found.values()].map(({ manifest }) => manifest['name']));
  for (const target of TARGETS.filter((one) => !names.has(packageName(one)))) {
    const { name, platform, arch, libc } = target;
    const manifest = {
      name: packageName(target),
      version: main.manifest['version'],
      os: [platform],
      cpu: [arch],
      ...(libc === undefined ? {} : { libc: [libc] }),
    };
    found.set(`${name}-empty.tgz`, { manifest, content: emptyPackage(manifest) });
  }
  return found;
}

/** @param {object} manifest @returns {Buffer} a tarball with nothing but package.json */
function emptyPackage(manifest) {
  const work = mkdtempSync(join(tmpdir(), 'longembed-empty-'));
  try {
    mkdirSync(join(work, 'package'));
    writeFileSync(join(work, 'package', 'package.json'), JSON.stringify(manifest));
    if (!capture('tar', ['-czf', 'package.tgz', 'package'], { cwd: work }).ok)
      throw new ScriptError('tar failed.');
    return readFileSync(join(work, 'package.tgz'));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} name
 * @param {[string, Tarball][]} tarballs
 * @param {string} host
 */
function describe(name, tarballs, host) {
  const versions = tarballs.map(([file, { manifest, content }]) => ({
    ...manifest,
    _id: `${name}@${manifest['version']}`,
    dist: {
      tarball: `${host}/-/${file}`,
      integrity: `sha512-${createHash('sha512').update(content).digest('base64')}`,
      shasum: createHash('sha1').update(content).digest('hex'),
    },
  }));
  const latest = /** @type {any} */ (versions.at(-1))['version'];
  return {
    name,
    'dist-tags': { latest },
    versions: Object.fromEntries(versions.map((one) => [/** @type {any} */ (one)['version'], one])),
    time: {},
  };
}

/**
 * @param {string} upstream
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
async function forward(upstream, request, response) {
  try {
    const accept = request.headers.accept;
    const answer = await globalThis.fetch(new globalThis.URL((request.url ?? '/').slice(1), upstream), {
      headers: accept === undefined ? {} : { accept },
    });
    response.statusCode = answer.status;
    response.setHeader('content-type', answer.headers.get('content-type') ?? 'application/json');
    response.end(Buffer.from(await answer.arrayBuffer()));
  } catch (error) {
    response.statusCode = 502;
    response.end(String(error));
  }
}

/** @returns {string} the URL, with a slash at the end */
function configuredRegistry() {
  const [npm, args] = npmCommand(['config', 'get', 'registry']);
  const { ok, out } = capture(npm, args);
  if (!ok) throw new ScriptError('npm config get registry failed.');
  return out.trim().replace(/\/*$/, '/');
}
