import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HubSettings } from '../../lib/hub/settings.js';

/** Settings for a hub of the tests, with an empty cache. */
export function settingsOf(endpoint: string, given: Partial<HubSettings> = {}): HubSettings {
  return {
    endpoint,
    cache: mkdtempSync(join(tmpdir(), 'longembed-hub-')),
    token: null,
    offline: false,
    proxies: { http: '', https: '', none: '' },
    firstPauseMs: 1,
    maxAttempts: 5,
    silenceTimeoutMs: 60_000,
    ...given,
  };
}
