import { expect, it } from 'vitest';
import { Random } from '../../../lib/random.js';
import { modelPath } from '../../../models/random/cached.js';
import { killAgainAndAgain } from './kill.js';

it('a killed benchmark loses no text but those of its last batch, and then gives the results of an uninterrupted one', async () => {
  const random = Random.seeded(Date.now());
  const args = [
    '--threads',
    '1',
    '--model',
    modelPath('bert'),
    '--extend',
    'none',
    'pcw:256',
    '--vectors',
    'document',
    'windows',
    '--tasks',
    'passkey',
    '--lengths',
    '256',
  ];
  const { whole, killed, texts, kills } = await killAgainAndAgain(args, 2, () => random.uint32() / 2 ** 32);
  // the queries of windows are those of single vectors
  expect(texts).toBe(400);
  for (const { again } of kills) expect(again).toBeLessThanOrEqual(1);
  expect(killed).toBe(whole);
}, 180_000);
