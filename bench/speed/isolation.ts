/**
 * Measures what isolation in a separate process costs per call: `npx tsx bench/speed/isolation.ts [MODEL]`. Texts of 13 and
 * 8,192 tokens, alternately in this process and in another, on one thread; medians.
 */
import { EmbeddingModel } from '../../dist/lib/index.js';
import { modelPath } from '../../models/random/cached.js';

const path = process.argv[2] ?? modelPath('start');
const load = (isolate: boolean): Promise<EmbeddingModel> =>
  EmbeddingModel.load(path, { backend: 'cpu', threads: 1, isolate });
const here = await load(false);
const there = await load(true);

const ids = (count: number): number[] => Array.from({ length: count }, (_, i) => 10 + ((i * 17) % 900));

/** Milliseconds per call in each of the two processes, the median of `rounds`. */
async function compare(
  tokens: number,
  rounds: number,
  extend: string,
): Promise<{ one: number; other: number }> {
  const sides = [
    { model: here, times: [] as number[] },
    { model: there, times: [] as number[] },
  ];
  for (let round = -Math.ceil(rounds / 10); round < rounds; round += 1) {
    // The first rounds warm up. The order alternates, since the second model finds the caches warm.
    for (const { model, times } of round % 2 === 0 ? sides : sides.slice().reverse()) {
      const started = performance.now();
      await model.embed(ids(tokens), { extend });
      if (round >= 0) times.push(performance.now() - started);
    }
  }
  const [one = NaN, other = NaN] = sides.map(({ times }) => median(times));
  return { one, other };
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

const special = here.info.specialTokens.prefix.length + here.info.specialTokens.suffix.length;
for (const [tokens, rounds, extend] of [
  [13, 400, 'none'],
  [8192, 5, 'ntk:8k'],
] as const) {
  const { one, other } = await compare(tokens - special, rounds, extend);
  console.log(
    `${tokens} tokens: ${one.toFixed(3)} ms here, ${other.toFixed(3)} ms there: ` +
      `${(other - one).toFixed(3)} ms more, ${((other / one - 1) * 100).toFixed(2)} %`,
  );
}
await Promise.all([here.dispose(), there.dispose()]);
