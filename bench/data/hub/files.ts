import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileDownloadInfo, HubApiError, type PathInfo, pathsInfo } from '@huggingface/hub';
import { throwIfAborted } from '../../../lib/abort.js';
import { badData } from '../errors.js';
import { type CacheFolder, exists, pointAt } from './cache.js';
import type { Checksum } from './checksum.js';
import { download, type RemoteFile } from './download.js';
import { downloadFailure } from './failure.js';
import { hubFetch } from './fetch.js';
import { isBeingDownloaded } from './partial.js';
import { Progress, sizeText } from './progress.js';
import { REPOSITORY } from './repository.js';
import type { HubSettings } from './settings.js';

/** What the library wants of every call. */
interface Hub {
  readonly repo: { readonly type: 'dataset'; readonly name: string };
  readonly revision: string;
  readonly hubUrl: string;
  readonly fetch: typeof globalThis.fetch;
}

/** Between looks at whether another process is done, in milliseconds. */
const LOOK = 250;

/**
 * Brings files of the data set into the cache.
 * @throws LongEmbedError ERR_INVALID_OPTION that says why they cannot be had; ERR_ABORTED
 */
export async function fetchFiles(
  paths: readonly string[],
  folder: CacheFolder,
  settings: HubSettings,
  onMessage: (message: string) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  const connection = hubFetch(settings, signal);
  const hub: Hub = {
    repo: { type: 'dataset', name: REPOSITORY.name },
    revision: REPOSITORY.commit,
    hubUrl: settings.endpoint,
    fetch: connection.fetch,
  };
  try {
    const files = await describe(hub, paths);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    onMessage(`Downloading ${paths.join(', ')} (${sizeText(total)}) from ${settings.endpoint}.`);
    for (const file of files) {
      const blob = join(folder.blobs, file.checksum.value);
      if (await isBeingDownloaded(blob)) {
        onMessage(`Another process is downloading ${file.path}: waiting for it.`);
        await untilDone(blob, signal);
      }
      if (!(await exists(blob))) {
        const progress = new Progress(file, onMessage);
        await download(file, blob, {
          fetch: connection.fetch,
          firstPause: settings.firstPause,
          signal,
          onProgress: (bytes) => progress.at(bytes),
        });
      }
      await pointAt(blob, join(folder.snapshot, file.path));
    }
  } catch (error) {
    throw downloadFailure(error, settings);
  } finally {
    await connection.close();
  }
}

/** Until the blob is there, or nobody is at it any more. */
async function untilDone(blob: string, signal: AbortSignal | undefined): Promise<void> {
  while (!(await exists(blob)) && (await isBeingDownloaded(blob))) {
    throwIfAborted(signal);
    await setTimeout(LOOK);
  }
}

/** Asks the hub for sizes, checksums and addresses. */
async function describe(hub: Hub, paths: readonly string[]): Promise<RemoteFile[]> {
  const infos = await pathsInfo({ ...hub, paths: [...paths] });
  const files: RemoteFile[] = [];
  for (const path of paths) {
    const info = infos.find((one) => one.path === path && one.type === 'file');
    const address = await fileDownloadInfo({ ...hub, path });
    if (info === undefined || address === null) throw new HubApiError(`${hub.hubUrl}, file ${path}`, 404);
    files.push({ path, url: address.url, size: info.size, checksum: checksumOf(info) });
  }
  return files;
}

/** It names a file of the cache, so it must look like one. */
function checksumOf({ path, oid, lfs }: PathInfo): Checksum {
  const checksum: Checksum =
    lfs === undefined ? { kind: 'git-sha1', value: oid ?? '' } : { kind: 'sha256', value: lfs.oid };
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(checksum.value)) return checksum;
  throw badData(`The hub tells no checksum of ${path}, so nobody could know whether it arrived whole.`);
}
