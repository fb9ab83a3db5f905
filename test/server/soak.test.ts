import { expect, it } from 'vitest';
import { soak } from './soak.js';

it.skipIf(process.platform !== 'linux')(
  'clients that hang up, kills of the engine and a full queue: every answer is right, or an error with a name (Linux)',
  async () => {
    const { answers, wrong, kills } = await soak({
      requests: 400,
      clients: 64,
      hangUp: 10,
      killEvery: 150,
      queueTokens: 700,
    });
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(0);
    expect(answers['right']).toBeGreaterThan(100);
    expect(answers['queue_full']).toBeGreaterThan(0);
    expect(answers['hung up']).toBeGreaterThan(0);
  },
  240_000,
);
