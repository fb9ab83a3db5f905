import { readFileSync } from 'node:fs';
import { EmbeddingModel } from '/work/tune/lib/index.js';
const [base, tuned, lo] = process.argv.slice(2);
const text = readFileSync('/tmp/tune-work/essays.jsonl', 'utf8')
  .split('\n')
  .filter(Boolean)
  .flatMap((l) => {
    const { query, positive } = JSON.parse(l);
    return [query, positive];
  });
const words = text.join(' ').split(' ');
const texts: string[] = [];
for (let i = 0; texts.length < 1000; i += 1)
  texts.push(words.slice(i * 37, i * 37 + 1 + ((i * 7) % 150)).join(' '));
const a = await EmbeddingModel.load(base!, { backend: 'cpu', nativeContext: Number(lo) });
const b = await EmbeddingModel.load(tuned!, { backend: 'cpu' });
let equal = 0,
  count = 0,
  longest = 0;
const gb = b.embedMany(texts);
for await (const x of a.embedMany(texts)) {
  const y = (await gb.next()).value as any;
  if ('error' in x) {
    console.log(x.error.message);
    continue;
  }
  count += 1;
  longest = Math.max(longest, x.tokens);
  equal += Buffer.from(x.embedding.buffer, x.embedding.byteOffset, x.embedding.byteLength).equals(
    Buffer.from(y.embedding.buffer, y.embedding.byteOffset, y.embedding.byteLength),
  )
    ? 1
    : 0;
}
console.log(tuned, 'texts', count, 'bits equal', equal, 'longest', longest);
await a.dispose();
await b.dispose();
