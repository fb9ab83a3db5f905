/** The adapters with the real packages: LangChain's behaviour, and both adapters' types. */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { capture, clientsFolder, newerNode, runModule } from '../clients/folder.js';

const folder = clientsFolder();
const without = folder === null ? ' (skipped: the clients cannot be installed)' : '';

describe.skipIf(folder === null)(`LangChain.js${without}`, () => {
  it('gets the library’s vectors as arrays, in order, queries with their own prompt', async () => {
    const printed = await runModule(
      folder!,
      'langchain-vectors',
      `
      import { Embeddings } from '@langchain/core/embeddings';
      import { EmbeddingModel } from 'longembed';
      import { LongEmbedEmbeddings } from 'longembed/langchain';
      const model = await EmbeddingModel.load('mini-rope', { prompts: { query: 'query: ', document: 'passage: ' } });
      const embeddings = new LongEmbedEmbeddings({ model, extend: 'pcw:2k' });
      const texts = ['one', 'two words', 'three '.repeat(500)];
      const vectors = await embeddings.embedDocuments(texts);
      const own = async (text, as) => [...(await model.embed(text, { as, extend: 'pcw:2k' })).embedding];
      const chunks = await embeddings.embedChunks(['green grass. ', 'blue sky.']);
      const { chunks: expected } = await model.embedChunks(['green grass. ', 'blue sky.'], { extend: 'pcw:2k' });
      const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
      console.log(JSON.stringify([
        embeddings instanceof Embeddings,
        vectors.every(Array.isArray),
        same(vectors, await Promise.all(texts.map((text) => own(text, 'document')))),
        same(await embeddings.embedQuery('one'), await own('one', 'query')),
        same(await embeddings.embedDocuments([]), []),
        same(chunks, expected.map(({ embedding }) => [...embedding])),
      ]));
      await embeddings.dispose(); // it is not its own
      await embeddings.embedQuery('one');
      await model.dispose();
      `,
    );
    expect(JSON.parse(printed)).toEqual([true, true, true, true, true, true]);
  });

  it('refuses a model that is not loaded', async () => {
    const printed = await runModule(
      folder!,
      'langchain-model',
      `
      import { LongEmbedEmbeddings } from 'longembed/langchain';
      const say = (error) => console.log(error.code, error.message);
      for (const fields of [{ model: 'mini-rope' }, undefined, null]) {
        try {
          new LongEmbedEmbeddings(fields);
        } catch (error) {
          say(error);
        }
      }
      await LongEmbedEmbeddings.load().catch(say);
      `,
    );
    expect(printed.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^ERR_INVALID_OPTION The model is "mini-rope": .*; LongEmbedEmbeddings\.load takes a name or a path\./,
      ),
      'ERR_INVALID_OPTION The fields are undefined: they must be an object with a model.',
      'ERR_INVALID_OPTION The fields are null: they must be an object with a model.',
      'ERR_INVALID_OPTION The fields are undefined: they must be an object with a model.',
    ]);
  });

  it('is not tried again with what fails, also through a caller with six retries', async () => {
    const printed = await runModule(
      folder!,
      'langchain-retries',
      `
      import { AsyncCaller } from '@langchain/core/utils/async_caller';
      import { LongEmbedError } from 'longembed';
      import { LongEmbedEmbeddings } from 'longembed/langchain';
      const embeddings = await LongEmbedEmbeddings.load({ model: 'mini-rope' });
      let calls = 0;
      const caller = new AsyncCaller({});
      const failed = (call) => caller.call(() => { calls++; return call(); }).catch((error) => error);
      const documents = await failed(() => embeddings.embedDocuments(['short', 'long '.repeat(2000)]));
      const query = await failed(() => embeddings.embedQuery(''));
      const chunks = await failed(() => embeddings.embedChunks(['a', ' ']));
      console.log(JSON.stringify([calls, documents instanceof LongEmbedError, documents.code, documents.message.slice(0, 12), query.code, chunks.code]));
      await embeddings.dispose();
      `,
    );
    expect(JSON.parse(printed)).toEqual([
      3,
      true,
      'ERR_INPUT_TOO_LONG',
      'Document 1: ',
      'ERR_INPUT_EMPTY',
      'ERR_INPUT_EMPTY',
    ]);
  });
});

const TYPES = `
import { embed as embed6, embedMany as embedMany6, createProviderRegistry as registry6 } from 'ai';
import { embed as embed7, createProviderRegistry as registry7 } from 'ai-7';
import type { EmbeddingsInterface } from '@langchain/core/embeddings';
import { Embeddings } from '@langchain/core/embeddings';
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory';
import { EmbeddingModel } from 'longembed';
import { createLongEmbed, embeddingModel } from 'longembed/ai-sdk';
import { LongEmbedEmbeddings } from 'longembed/langchain';
import { createServer, type ServerOptions } from 'longembed/server';

const longembed = createLongEmbed({ models: { mini: 'mini-rope' } });
const model = longembed.embeddingModel('mini', { extend: 'pcw:4k' });
export const calls = async () => {
  const loaded = await EmbeddingModel.load();
  await embed6({ model, value: 'x' });
  await embedMany6({ model: embeddingModel(loaded), values: ['x'] });
  await embed7({ model, value: 'x' });
  registry6({ longembed });
  registry7({ longembed });
  const embeddings = new LongEmbedEmbeddings({ model: loaded, extend: 'pcw:4k' });
  const asInterface: EmbeddingsInterface = embeddings;
  const asClass: Embeddings = embeddings;
  new MemoryVectorStore(embeddings);
  const options: ServerOptions = { models: { a: loaded, b: 'mini-rope' } };
  const server = await createServer(options);
  const response: Response = await server.fetch(new Request('http://x/health'));
  return [asInterface, asClass, response];
};
`;

it.skipIf(folder === null)(
  `the types of the packages take those of the adapters and the server${without}`,
  async () => {
    const file = join(folder!, `types-${process.pid}.mts`);
    writeFileSync(file, TYPES);
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const flags =
      '--noEmit --strict --skipLibCheck --preserveSymlinks --module nodenext --target es2022 --types node';
    const lib = [
      '--lib',
      'es2023,dom,esnext.disposable',
      '--typeRoots',
      join('node_modules', 'longembed', 'node_modules', '@types'),
    ];
    await capture(process.execPath, [tsc, ...flags.split(' '), ...lib, file], folder!);
  },
  240_000,
);

it.skipIf(newerNode(folder) === null)(
  `longembed/langchain loads by require on a newer Node${newerNode(folder) === null ? ' (skipped: no newer Node here)' : ''}`,
  async () => {
    const code =
      "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url); console.log(typeof require('longembed/langchain').LongEmbedEmbeddings, typeof require('longembed/server').createServer, typeof require('longembed/ai-sdk').createLongEmbed);";
    expect(await runModule(folder!, 'require', code, newerNode(folder)!)).toBe(
      'function function function\n',
    );
  },
);
