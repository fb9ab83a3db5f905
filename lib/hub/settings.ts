import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { HubFailure } from './failure.js';

/** How to reach the hub and where to keep files: the settings of Hugging Face's own programs. */
export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  /** The cache folder that all of them share. */
  readonly cache: string;
  readonly token: string | null;
  /** The network must not be used. */
  readonly offline: boolean;
  readonly proxies: Proxies;
  /** Pause before the first retry of a failed request, in milliseconds; it doubles with every retry. */
  readonly firstPauseMs: number;
  /** Maximum number of attempts at a request, from 1. */
  readonly maxAttempts: number;
  /** Maximum time without data from the server. */
  readonly silenceTimeoutMs: number;
}

/** Proxy URLs ('' for none) and the hosts to reach directly, in the form of the environment variables. */
export interface Proxies {
  readonly http: string;
  readonly https: string;
  readonly none: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_OFFLINE, HTTP_PROXY, HTTPS_PROXY, NO_PROXY
 * and their older names, as huggingface_hub does.
 * @throws HubFailure `setting` when a URL or the token is malformed
 */
export async function hubSettings(environment: Environment = process.env): Promise<HubSettings> {
  const first = (...names: string[]): string | undefined =>
    names.map((name) => environment[name]).find((value) => value !== undefined && value !== '');
  const path = (value: string): string => value.replace(/^~(?=$|[/\\])/, homeFolder);

  const home = path(first('HF_HOME') ?? join(first('XDG_CACHE_HOME') ?? '~/.cache', 'huggingface'));
  return {
    endpoint: hubUrl(first('HF_ENDPOINT') ?? 'https://huggingface.co'),
    cache: path(first('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE') ?? join(home, 'hub')),
    token:
      clean(first('HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN')) ??
      clean(await readToken(path(first('HF_TOKEN_PATH') ?? join(home, 'token')), environment)),
    offline: isTrue(first('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE')),
    proxies: {
      http: proxyUrl('HTTP_PROXY', first('http_proxy', 'HTTP_PROXY')),
      https: proxyUrl('HTTPS_PROXY', first('https_proxy', 'HTTPS_PROXY')),
      none: first('no_proxy', 'NO_PROXY') ?? '',
    },
    firstPauseMs: 1000,
    maxAttempts: 5,
    silenceTimeoutMs: 60_000,
  };
}

/** An empty HOME is none: taken as it is, it would put the cache into the working folder. */
function homeFolder(): string {
  try {
    const home = homedir();
    return home === '' ? userInfo().homedir : home;
  } catch (cause) {
    // A container's user often has a number alone.
    throw new HubFailure(
      'setting',
      'This user has no home folder: set HF_HOME to a folder for models.',
      cause,
    );
  }
}

/** The token that `hf auth login` stored. */
async function readToken(file: string, environment: Environment): Promise<string | undefined> {
  if (isTrue(environment['HF_HUB_DISABLE_IMPLICIT_TOKEN'])) return undefined;
  return readFile(file, 'utf8').catch(() => undefined);
}

/** Without line breaks, as huggingface_hub takes it. */
function clean(token: string | undefined): string | null {
  const cleaned = token?.replaceAll(/[\r\n]/g, '').trim() ?? '';
  if (cleaned === '') return null;
  if (/^[!-~]+$/.test(cleaned)) return cleaned;
  // It is sent in a header, whose own error would show it.
  throw new HubFailure(
    'setting',
    'The token for the hub (HF_TOKEN, or the one of `hf auth login`) has characters that no token has, such as spaces or ' +
      'typographic quotes: copy it again.',
  );
}

function isTrue(value: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(value?.toUpperCase() ?? '');
}

/** Paths are put after it, and requests take no name or password from it. */
function hubUrl(value: string): string {
  const url = checkUrl('HF_ENDPOINT', value);
  const { username, password, search, hash } = new URL(url);
  if (username + password + search + hash === '') return url.replace(/\/+$/, '');
  throw new HubFailure(
    'setting',
    'The environment variable HF_ENDPOINT has a user name, a password, or something after "?" or "#", which is not used: ' +
      'leave it out, and give a token in HF_TOKEN.',
  );
}

/** Proxies are often given as host:port. */
function proxyUrl(name: string, value: string | undefined): string {
  if (value === undefined) return '';
  const url = checkUrl(name, /^[a-z0-9]+:\/\//i.test(value) ? value : `http://${value}`, [
    'socks5:',
    'socks:',
  ]);
  const { username, password } = new URL(url);
  if (isPercentEncoded(username) && isPercentEncoded(password)) return url;
  throw new HubFailure(
    'setting',
    `The environment variable ${name} has a "%" in its user name or password that is not part of an escape: write it as %25.`,
  );
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function checkUrl(name: string, value: string, others: readonly string[] = []): string {
  const protocol = URL.canParse(value) ? new URL(value).protocol : '';
  if (['http:', 'https:', ...others].includes(protocol)) return value;
  // The value is not shown: a proxy URL may contain a password.
  throw new HubFailure(
    'setting',
    `The environment variable ${name} is not a URL of the form https://host:port.`,
  );
}
