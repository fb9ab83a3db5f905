import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { hubSettings } from '../../lib/hub/settings.js';

vi.mock('node:os', { spy: true });

describe('hubSettings', () => {
  const none = { HF_TOKEN_PATH: '/nowhere/token' };

  it('has the defaults of huggingface_hub', async () => {
    expect(await hubSettings({ ...none, XDG_CACHE_HOME: '/caches' })).toMatchObject({
      endpoint: 'https://huggingface.co',
      cache: '/caches/huggingface/hub',
      token: null,
      offline: false,
      proxies: { http: '', https: '', none: '' },
    });
  });

  it('follows the environment', async () => {
    const environment = {
      HF_ENDPOINT: 'https://mirror.test/',
      HF_HOME: '/hf',
      HF_TOKEN: ' hf_x\n',
      HF_HUB_OFFLINE: '1',
      https_proxy: 'proxy.test:3128',
      NO_PROXY: 'localhost',
    };
    expect(await hubSettings(environment)).toMatchObject({
      endpoint: 'https://mirror.test',
      cache: '/hf/hub',
      token: 'hf_x',
      offline: true,
      proxies: { http: '', https: 'http://proxy.test:3128', none: 'localhost' },
    });
  });

  it('does not take the working folder for the home folder where HOME is empty', async () => {
    vi.stubEnv('HOME', '');
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(await hubSettings(none)).toMatchObject({
      cache: join(userInfo().homedir, '.cache', 'huggingface', 'hub'),
    });
  });

  it('says what to set where the user has no home folder', async () => {
    vi.mocked(homedir).mockImplementation(() => {
      throw new Error('uv_os_homedir returned ENOENT');
    });
    onTestFinished(() => void vi.mocked(homedir).mockReset());
    await expect(hubSettings(none)).rejects.toMatchObject({
      reason: 'setting',
      message: 'This user has no home folder: set HF_HOME to a folder for models.',
    });
    expect(await hubSettings({ ...none, HF_HOME: '/hf' })).toMatchObject({ cache: '/hf/hub' });
  });

  it('takes a token without its line breaks, and refuses others without printing it', async () => {
    expect(await hubSettings({ ...none, HF_TOKEN: 'hf_\r\nx' })).toMatchObject({ token: 'hf_x' });
    for (const token of ['“hf_secret”', 'hf_secret other', 'hf_secret\0']) {
      await expect(hubSettings({ ...none, HF_TOKEN: token })).rejects.toMatchObject({
        reason: 'setting',
        message: expect.stringMatching(
          /^(?!.*secret)The token .* has characters that no token has/,
        ) as string,
      });
    }
  });

  it.each([
    [{ HF_ENDPOINT: 'https://me:password@host' }, /HF_ENDPOINT has a user name, a password/],
    [{ HF_ENDPOINT: 'https://host?password=1' }, /HF_ENDPOINT has .*or something after "\?"/],
    [{ HTTP_PROXY: 'http://me:password%zz@host' }, /HTTP_PROXY has a "%" .*write it as %25/],
  ])('refuses a URL that requests cannot use, without printing it (%o)', async (environment, message) => {
    const refused = hubSettings({ ...none, ...environment });
    await expect(refused).rejects.toMatchObject({
      reason: 'setting',
      message: expect.stringMatching(message) as string,
    });
    await expect(refused).rejects.not.toThrow(/me:|password(%|=)/);
  });

  it('refuses an invalid URL without printing it', async () => {
    await expect(hubSettings({ ...none, HTTPS_PROXY: 'ftp://me:password@host' })).rejects.toMatchObject({
      reason: 'setting',
      message: expect.stringMatching(/^(?!.*password).*HTTPS_PROXY is not a URL/) as string,
    });
  });
});
