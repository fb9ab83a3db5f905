/**
 * The `longembed` program with a log of what its models compute. Arguments: the log's path, then those of the program. The
 * log gets a line the moment that a text's vector leaves the model, before the benchmark has it.
 */
import { appendFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import type { Context, Model } from '../../../cli/context.js';
import { interruptSignal } from '../../../cli/exit.js';
import { run } from '../../../cli/run.js';
import { devices, EmbeddingModel, type ManyResult } from '../../../lib/index.js';

const [log = '', ...args] = process.argv.slice(2);

function logged(model: Model): Model {
  return {
    info: model.info,
    tokenize: (text) => model.tokenize(text),
    embedManyChunks: (...args) => model.embedManyChunks(...args),
    memory: (options) => model.memory(options),
    dispose: () => model.dispose(),
    async *embedMany(
      ...[inputs, options]: Parameters<Model['embedMany']>
    ): AsyncGenerator<ManyResult, undefined, undefined> {
      const texts: string[] = [];
      async function* seen() {
        for await (const input of inputs) {
          texts.push(typeof input === 'string' ? input : JSON.stringify(input));
          yield input;
        }
      }
      for await (const result of model.embedMany(seen(), options)) {
        const what = JSON.stringify([
          model.info.path,
          options?.extend,
          options?.as,
          options?.vectors,
          texts[result.index],
        ]);
        appendFileSync(log, `${createHash('sha256').update(what).digest('hex')}\n`);
        yield result;
      }
      return undefined;
    },
  };
}

const context: Context = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: interruptSignal(),
  debug: false,
  loadModel: async (path, options) => logged(await EmbeddingModel.load(path, options)),
  tokenizeWithFile: () => Promise.reject(new Error('not used')),
  devices,
};
process.exit(await run(args, context));
