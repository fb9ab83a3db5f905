import { describe, expect, it } from 'vitest';
import { hubModelNameOf, isHubModelName, parseHubModelName } from '../../lib/hub/model-name.js';
import { locateModel } from '../../lib/locate-model.js';
import { failure } from '../bench/data/folder.js';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';

describe('the name of a model on the hub', () => {
  it.each([
    ['hf:org/repo', 'org/repo', null, 'main'],
    ['hf:org/repo@v1.0', 'org/repo', null, 'v1.0'],
    ['hf:org/repo/file.gguf', 'org/repo', 'file.gguf', 'main'],
    [`hf:o_r-g/r.e.po/Q8_0/file.gguf@${COMMIT}`, 'o_r-g/r.e.po', 'Q8_0/file.gguf', COMMIT],
    ['hf:org/repo/file.GGUF@refs/pr/1', 'org/repo', 'file.GGUF', 'refs/pr/1'],
    ['hf:org/repo/a@b.gguf', 'org/repo', 'a@b.gguf', 'main'],
    ['hf:org/repo/a b.gguf@x', 'org/repo', 'a b.gguf', 'x'],
    ['HF:org/repo', 'org/repo', null, 'main'],
  ])('%s', (given, repository, file, revision) => {
    expect(isHubModelName(given)).toBe(true);
    expect(parseHubModelName(given)).toEqual({ repository, file, revision });
  });

  it.each([
    'hf:',
    'hf:repo',
    'hf:/repo',
    'hf:org/',
    'hf://org/repo',
    'hf:org/repo/',
    'hf:org/repo/folder',
    'hf:org/repo/model.safetensors',
    'hf:org/repo@',
    'hf:org/repo/file.gguf@',
    'hf:../repo/file.gguf',
    'hf:org/..',
    'hf:org/re--po',
    'hf:org/.repo',
    'hf:org/re po',
    'hf:org/repo/../../../file.gguf',
    'hf:org/repo/./file.gguf',
    'hf:org/repo/a//file.gguf',
    'hf:org/repo/a\\file.gguf',
    'hf:org/repo/a\u0000.gguf',
    'hf:org/repo@../../main',
    'hf:org/repo@a..b',
    'hf:org/repo@a b',
    'hf:org/repo@/main',
    `hf:org/repo@${'x'.repeat(300)}`,
    `hf:${'x'.repeat(97)}/repo`,
  ])('is not %j', async (given) => {
    const expected = failure('ERR_INVALID_OPTION', /^"hf:.* the form is hf:org\/repo\/file\.gguf/);
    expect(() => parseHubModelName(given)).toThrow(expect.objectContaining(expected) as Error);
    await expect(locateModel(given)).rejects.toMatchObject(expected);
  });

  it('says how to name a quantization', () => {
    expect(() => parseHubModelName('hf:org/repo:Q8_0')).toThrow('name its file: hf:org/repo/FILE-Q8_0.gguf.');
  });

  it('is found in an address', async () => {
    const url = 'https://huggingface.co/org/repo/resolve/v1/q/file.gguf?download=true';
    expect(hubModelNameOf(url)).toBe('hf:org/repo/q/file.gguf@v1');
    expect(hubModelNameOf('https://hf.co/org/repo/blob/main/file.gguf')).toBe('hf:org/repo/file.gguf');
    expect(hubModelNameOf('https://github.com/org/repo/blob/main/file.gguf')).toBe(null);
    await expect(locateModel(url)).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /is a URL: give the name hf:org\/repo\/q\/file\.gguf@v1\.$/),
    );
    await expect(locateModel('https://example.com/model.gguf')).rejects.toMatchObject(
      failure('ERR_INVALID_OPTION', /is a URL: give the path of a GGUF file, hf:org\/repo\/file\.gguf, or/),
    );
  });

  it('does not take the place of a path', async () => {
    expect(isHubModelName('./hf:org/repo')).toBe(false);
    expect(await locateModel('hf/org/repo.gguf')).toBe('hf/org/repo.gguf');
  });
});
