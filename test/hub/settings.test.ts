import { describe, expect, it } from 'vitest';
import { hubSettings } from '../../lib/hub/settings.js';

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

  it('refuses an invalid URL without printing it', async () => {
    await expect(hubSettings({ ...none, HTTPS_PROXY: 'ftp://me:password@host' })).rejects.toMatchObject({
      reason: 'setting',
      message: expect.stringMatching(/^(?!.*password).*HTTPS_PROXY is not a URL/) as string,
    });
  });
});
