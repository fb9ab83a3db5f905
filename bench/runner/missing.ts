import { embeddingKey } from './cache/keys.js';
import type { Store } from './cache/store.js';
import type { TextFacts } from './data.js';
import type { CheckedModel } from './models.js';
import type { Plan } from './plan.js';
import type { Kind } from './types.js';
import type { Expected } from './progress.js';
import { workOf } from './work.js';

/** The places of the texts that are not in the cache yet, of equal texts the first. */
export function missingPlaces(store: Store, plan: Plan, kind: Kind, { hashes }: TextFacts): number[] {
  const seen = new Set<string>();
  const places: number[] = [];
  for (const [i, hash] of hashes.entries()) {
    const name = hash.toString('latin1');
    if (seen.has(name)) continue;
    seen.add(name);
    if (!store.has(embeddingKey(plan.keys[kind], hash))) places.push(i);
  }
  return places;
}

/** What texts will probably take, by the number of their characters. */
export function expectedOf(
  { info, densities }: CheckedModel,
  plan: Plan,
  facts: TextFacts,
  places: readonly number[],
): Expected[] {
  const { tokensPerCharacter, around } = densities.get(facts) ?? { tokensPerCharacter: 0, around: 0 };
  return places.map((i) => {
    const content = Math.ceil((facts.characters[i] ?? 0) * tokensPerCharacter);
    const tokens = Math.max(1, Math.min(content + around, plan.target));
    return { tokens, work: workOf(info, plan.method, tokens) };
  });
}
