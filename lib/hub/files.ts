/** What a repository holds: commits, files, sizes and checksums. */
import { listFiles, modelInfo, type PathInfo, pathsInfo } from '@huggingface/hub';
import { type Connection, repositoryUrl } from './fetch.js';
import { HubFailure } from './failure.js';
import { isCommit, type Repository, type Snapshot } from './repository.js';

/** A file on the hub. */
export interface RemoteFile {
  /** Path in the repository. */
  readonly path: string;
  readonly url: string;
  readonly sizeBytes: number;
  readonly checksum: Checksum;
}

/** git's checksum of a file: SHA-256 of a large one (LFS), SHA-1 of a small one with git's header before it. */
export interface Checksum {
  readonly kind: 'sha256' | 'git-sha1';
  /** In lower-case hex. */
  readonly value: string;
}

/** The commit that a model's branch or tag has now. @throws HubFailure; so do the others */
export async function currentCommit(
  { fetch, settings: { endpoint } }: Connection,
  { name }: Repository,
  revision: string,
): Promise<string> {
  const { sha } = await modelInfo({ name, revision, additionalFields: ['sha'], hubUrl: endpoint, fetch });
  if (isCommit(sha)) return sha;
  throw new HubFailure('unreachable', `${endpoint} names no commit of ${name}: check HF_ENDPOINT.`);
}

/** All files whose names end in `ending`, sorted. */
export async function remoteFiles(
  { fetch, settings: { endpoint } }: Connection,
  { type, name, commit }: Snapshot,
  ending: string,
): Promise<{ path: string; sizeBytes: number }[]> {
  const files: { path: string; sizeBytes: number }[] = [];
  const repo = { type, name };
  for await (const entry of listFiles({ repo, revision: commit, recursive: true, hubUrl: endpoint, fetch })) {
    if (entry.type !== 'file' || !entry.path.toLowerCase().endsWith(ending)) continue;
    files.push({ path: entry.path, sizeBytes: entry.size });
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Sizes, checksums and URLs of files; null: the repository does not have it. */
export async function describeFiles(
  { fetch, settings: { endpoint } }: Connection,
  { type, name, commit }: Snapshot,
  paths: readonly string[],
): Promise<(RemoteFile | null)[]> {
  const infos = await pathsInfo({
    repo: { type, name },
    revision: commit,
    paths: [...paths],
    hubUrl: endpoint,
    fetch,
  });
  return paths.map((path) => {
    const info = infos.find((one) => one.path === path && one.type === 'file');
    if (info === undefined) return null;
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    return {
      path,
      url: `${repositoryUrl(endpoint, { type, name })}/resolve/${commit}/${encoded}`,
      sizeBytes: info.size,
      checksum: checksumOf(info),
    };
  });
}

/** Checked, because it becomes a file name. */
function checksumOf({ path, oid, lfs }: PathInfo): Checksum {
  const checksum: Checksum =
    lfs === undefined ? { kind: 'git-sha1', value: oid ?? '' } : { kind: 'sha256', value: lfs.oid };
  const digits = checksum.kind === 'sha256' ? 64 : 40;
  if (checksum.value.length === digits && /^[0-9a-f]+$/.test(checksum.value)) return checksum;
  throw new HubFailure(
    'damaged',
    `The hub has no checksum for ${path}, so a download could not be verified.`,
  );
}
