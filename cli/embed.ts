import type { Context, Model } from './context.js';
import { type EmbedCommandOptions, embedOptions } from './embed-options.js';
import { EmbedRun } from './embed-run.js';
import { readDocuments, sourcesOf, totalBytes } from './input/input.js';
import { loadOptions } from './model-options.js';
import { LazyOutput, openOutput } from './output/output.js';
import { Meter } from './progress/meter.js';
import { viewOn, type View } from './progress/views.js';

/** `longembed embed`: documents in, vectors out. Resolves to the exit code. */
export async function embed(
  files: readonly string[],
  options: EmbedCommandOptions,
  context: Context,
): Promise<number> {
  const sources = sourcesOf(files, options.inputFormat ?? null, context.stdin, context.signal);
  const paths = sources.map(({ path }) => path);
  const output = new LazyOutput(
    await openOutput(outputPath(options), options.outputFormat ?? null, paths, context.stdout),
  );
  const view = viewOn(context.stderr, options.quiet === true);
  let model: Model | undefined;
  try {
    model = await load(options, context, view);
    output.expect(model.info.dimensions);
    const meter = new Meter(await totalBytes(sources));
    const run = new EmbedRun(model, output, view, meter, context.signal);
    return await run.embed(readDocuments(sources), embedOptions(options));
  } finally {
    view.end();
    await output.close();
    await model?.dispose();
  }
}

function outputPath({ output }: EmbedCommandOptions): string | null {
  return output === undefined || output === '-' ? null : output;
}

async function load(
  options: EmbedCommandOptions,
  { loadModel, signal }: Context,
  view: View,
): Promise<Model> {
  const onProgress = (fraction: number): void => view.loading(fraction);
  const onWarning = (message: string): void => view.message(`longembed: warning: ${message}`);
  const model = await loadModel(options.model, { ...loadOptions(options), signal, onProgress, onWarning });
  view.end();
  return model;
}
