/** Requests that schemathesis (on PyPI) makes from the OpenAPI document, good and bad ones: no answer may be a server's error. */
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture, serve, type Serving } from '../clients/folder.js';

const program = process.env['LONGEMBED_SCHEMATHESIS'] ?? 'schemathesis';

function isHere(): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const here = isHere();

describe.skipIf(!here)(
  `the OpenAPI document${here ? '' : ' (skipped: no schemathesis; LONGEMBED_SCHEMATHESIS names one)'}`,
  () => {
    let server: Serving;
    beforeAll(async () => {
      server = await serve(['--model', 'mini-rope', '--threads', '1', '--log', 'none']);
    });
    afterAll(async () => {
      expect(await server.end()).toBe(0);
    });

    it('is kept to, whatever is sent', async () => {
      const checks = [
        'not_a_server_error',
        'status_code_conformance',
        'content_type_conformance',
        'response_schema_conformance',
        'negative_data_rejection',
        'unsupported_method',
      ];
      const args = [
        'run',
        `${server.url}/openapi.json`,
        '--max-examples',
        '10',
        '--seed',
        '1',
        '--request-timeout',
        '60',
      ];
      const printed = await capture(program, [...args, '--checks', checks.join(',')], tmpdir());
      expect(printed).toMatch(/Tested:\s+18/);
    }, 300_000);
  },
);
