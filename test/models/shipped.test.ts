import { chdir, cwd } from 'node:process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { modelFile, SHIPPED_MODELS } from '../../lib/package.js';

describe('modelFile', () => {
  const home = cwd();
  const folder = mkdtempSync(join(tmpdir(), 'longembed-names-'));
  afterEach(() => chdir(home));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(SHIPPED_MODELS)('takes %s from the package, whatever the working directory', (name) => {
    chdir(tmpdir());
    const path = modelFile(name);
    expect(isAbsolute(path)).toBe(true);
    expect(path).toMatch(new RegExp(`models.${name}\\.gguf$`));
  });

  it('leaves paths unchanged', () => {
    for (const path of ['mini-rope.gguf', './mini-rope', 'mini', '/models/mini-ape', '']) {
      expect(modelFile(path)).toBe(path);
    }
  });

  it('prefers a file of that name', () => {
    chdir(folder);
    writeFileSync('mini-rope', '');
    expect(modelFile('mini-rope')).toBe('mini-rope');
  });

  it('takes a file of an Electron application from beside its archive, where native code finds it', () => {
    const beside = join(folder, 'app.asar.unpacked', 'models');
    mkdirSync(beside, { recursive: true });
    writeFileSync(join(beside, 'a.gguf'), '');
    expect(modelFile(join(folder, 'app.asar', 'models', 'a.gguf'))).toBe(join(beside, 'a.gguf'));
    for (const path of [
      join(folder, 'app.asar', 'models', 'b.gguf'),
      join(folder, 'x.asar'),
      join(beside, 'a.gguf'),
    ])
      expect(modelFile(path)).toBe(path);
  });

  it('does not mistake a folder of that name for the model', () => {
    chdir(folder);
    mkdirSync('mini-ape');
    expect(isAbsolute(modelFile('mini-ape'))).toBe(true);
  });
});
