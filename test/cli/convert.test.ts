/** `longembed convert`, on real files. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CHECKPOINTS, copyOf, newPath } from '../convert/helpers.js';
import { longembed } from './program.js';

it('makes a file that info and embed take', async () => {
  const output = newPath();
  const args = ['convert', join(CHECKPOINTS, 'gtr'), '-o', output, '--type', 'q8_0', '--name', 'my model'];
  const { code, stdout, stderr } = await longembed(args);
  expect([code, stdout.toString()]).toEqual([0, '']);
  expect(stderr).toMatch(/wrote .*: t5encoder, q8_0, named "my model", 1 dense layer\n$/);
  const info = await longembed(['info', output, '--json']);
  expect(JSON.parse(info.stdout.toString())).toMatchObject({
    name: 'my model',
    architecture: 't5encoder',
    pooling: 'mean',
    dimensions: 24,
  });
});

it('says that the folder names no pooling', async () => {
  const { code, stderr } = await longembed(['convert', join(CHECKPOINTS, 'e5rope'), '-o', newPath(), '-q']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/note: the folder does not name a pooling.*--pooling/);
});

it('says that the original leaves prompts out of the mean', async () => {
  const folder = copyOf('gtr');
  const path = join(folder, '1_Pooling', 'config.json');
  const settings = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...settings, include_prompt: false }));
  const { code, stderr } = await longembed(['convert', folder, '-o', newPath(), '-q']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/note: the original leaves a prompt's tokens out of the mean/);
});

it('refuses with the reason', async () => {
  const folder = copyOf('bert');
  const output = newPath();
  const once = await longembed(['convert', folder, '-o', output, '-q']);
  expect(once).toMatchObject({ code: 0, stderr: '' });
  const again = await longembed(['convert', folder, '-o', output]);
  expect(again.code).toBe(2);
  expect(again.stderr).toMatch(/ERR_INVALID_OPTION: .*exists.*--force/);
  expect((await longembed(['convert', folder, '-o', output, '--force', '-q'])).code).toBe(0);
  const type = await longembed(['convert', folder, '-o', output, '--type', 'q4']);
  expect([type.code, type.stderr]).toEqual([2, expect.stringMatching(/f32, f16, q8_0/)]);
  const nowhere = await longembed(['convert', '/nowhere', '-o', newPath()]);
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/ERR_MODEL_NOT_FOUND/)]);
});
