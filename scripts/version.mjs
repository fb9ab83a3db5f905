#!/usr/bin/env node
// Part of `npm version`: dates the list of changes in CHANGELOG.md. The platform packages take longembed's version when they are
// packed, so that one number moves them all.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/paths.mjs';
import { readManifest } from './lib/platform-package.mjs';
import { capture, runMain, ScriptError } from './lib/process.mjs';

const UNRELEASED = '## Unreleased\n';

await runMain(() => {
  const file = join(root, 'CHANGELOG.md');
  const text = readFileSync(file, 'utf8');
  if (!text.includes(UNRELEASED)) throw new ScriptError('CHANGELOG.md has no section "Unreleased".');
  const title = `## ${readManifest().version} (${new Date().toISOString().slice(0, 10)})\n`;
  writeFileSync(file, text.replace(UNRELEASED, `${UNRELEASED}\n${title}`));
  if (!capture('git', ['add', 'CHANGELOG.md'], { cwd: root }).ok) throw new ScriptError('git add failed.');
});
