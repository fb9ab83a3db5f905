/** Names of models on the Hugging Face hub: hf:org/repo[/file.gguf][@revision]. */
import { display, LongEmbedError } from '../error.js';

export interface HubModelName {
  /** With its owner: "intfloat/e5-base-v2". */
  readonly repository: string;
  /** Path of the GGUF file in the repository; null: its only one. */
  readonly file: string | null;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** Whether a model is named as one on the hub, well or not. */
export function isHubModelName(given: string): boolean {
  return /^hf:/i.test(given);
}

// A file's name may contain "@": whatever comes after the last ".gguf" is the revision.
const PARTS = /^hf:([^/@]+\/[^/@]+)(?:\/(.+\.gguf))?(?:@(.+))?$/i;

/** @throws LongEmbedError ERR_INVALID_OPTION */
export function parseHubModelName(given: string): HubModelName {
  const [, repository = '', file, revision = 'main'] = PARTS.exec(given) ?? [];
  if (!repository.split('/').every(isName)) throw malformed(given);
  if (file !== undefined && !isPath(file)) throw malformed(given);
  if (!isRevision(revision)) throw malformed(given);
  return { repository, file: file ?? null, revision };
}

/** The hub's own rule for owners and repositories; the cache's folders rely on it. */
function isName(name: string): boolean {
  return /^\w(?:[\w.-]{0,94}\w)?$/.test(name) && !/--|\.\./.test(name);
}

/** Whether a path stays in its folder; the hub's paths become paths in the cache. */
export function isPath(path: string): boolean {
  return !/[\\\p{Cc}]/u.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
}

/** git's rule for branches and tags, as far as it matters: they become paths in the cache too. */
function isRevision(revision: string): boolean {
  return isPath(revision) && !/\.\.|@\{|[\s~^:?*[]/.test(revision) && revision.length <= 200;
}

function malformed(given: string): LongEmbedError {
  const quantization = /^hf:([^/@:]+\/[^/@:]+):([\w.-]+)$/i.exec(given);
  const hint =
    quantization === null
      ? ''
      : ` For a quantization, name its file: hf:${quantization[1] ?? ''}/FILE-${quantization[2] ?? ''}.gguf.`;
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `${display(given)} does not name a model on the Hugging Face hub: the form is hf:org/repo/file.gguf, without /file.gguf if ` +
      `the repository has only one, and with @revision at the end for another than main.${hint}`,
  );
}

/**
 * The hf: name of the model behind an address on the hub.
 * @param url "https://huggingface.co/org/repo/resolve/main/file.gguf"
 * @returns null when it is not the address of a GGUF file there
 */
export function hubModelNameOf(url: string): string | null {
  const parts =
    /^https?:\/\/(?:huggingface|hf)\.co\/([^/]+\/[^/]+)\/(?:resolve|blob)\/([^/]+)\/([^?#]+\.gguf)/i.exec(
      url,
    );
  if (parts === null) return null;
  const [, repository = '', revision = '', file = ''] = parts;
  return `hf:${repository}/${file}${revision === 'main' ? '' : `@${revision}`}`;
}
