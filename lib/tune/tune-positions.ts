import { rm } from 'node:fs/promises';
import { throwIfAborted } from '../abort.js';
import { LongEmbedError } from '../error.js';
import { GgufFile, ggufSize, saveGguf } from '../gguf/index.js';
import { locateModel } from '../locate-model.js';
import { filesSha256 } from '../model-files.js';
import { addon, startJob } from '../native/index.js';
import { checkDistinct, checkOutput } from '../output-file.js';
import { checkPath } from '../extend-file/options.js';
import { checkpointBytes, type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { loadForTuning, resolveTuning } from './model.js';
import { checkTuneOptions, type TunedFile, type TuneOptions, type TuneProgress } from './options.js';
import { PairSet } from './pair-set.js';
import { startingRows } from './position-rows.js';
import { writeReport } from './report.js';
import { fingerprintOf, settingsOf } from './settings.js';
import { Trainer } from './trainer.js';
import { tunedContent } from './tuned-file.js';

/**
 * Tunes a model to longer texts (arXiv 2404.12096, §4.2): of a model with a position matrix, rows for the new positions are learned from
 * pairs of short texts, each at a random place, while all else stays as it is. Short texts keep their vectors to the bit:
 * the original's rows are among the new ones, and longembed gives short texts those. The result is a GGUF file for longembed and
 * other programs. The same input gives the same bytes on a machine, whatever the number of threads, and also when the run was
 * interrupted and went on.
 * @param input path of the GGUF file of a `bert` model (or the name of one that ships or is on the hub), which is not changed
 * @param output path of the file to write
 * @param options see `TuneOptions`
 * @throws LongEmbedError ERR_ARCHITECTURE_UNSUPPORTED for models without a position matrix; ERR_STRATEGY_UNSUPPORTED; ERR_MODEL_NOT_FOUND,
 *   ERR_MODEL_INVALID; ERR_INVALID_OPTION (pairs, checkpoints and outputs that cannot be used among them); ERR_INPUT_EMPTY, ERR_INPUT_TOO_LONG,
 *   ERR_TOKENIZER for pairs, naming the line; ERR_BACKEND when the loss is not finite; ERR_OUT_OF_MEMORY; ERR_ABORTED; what onProgress throws
 * @example
 * const { dev, devBefore } = await tunePositions('e5-base-v2.gguf', 'e5-base-v2-4k.gguf', {
 *   extend: 'pi:4k', pairs: 'pairs.jsonl', dev: 'dev.jsonl', batch: 128,
 * });
 */
export async function tunePositions(input: string, output: string, options: TuneOptions): Promise<TunedFile> {
  checkPath('input', input);
  checkPath('output', output);
  const checked = checkTuneOptions(options);
  const { signal, onDownload, onWarning, resume = false, overwrite = false } = checked;
  throwIfAborted(signal);
  const source = await locateModel(input, { signal, onDownload, onWarning });
  await using file = await GgufFile.open(source);
  const resolved = resolveTuning(file, checked);
  const checkpointPath = checked.checkpoint ?? `${output}.checkpoint`;
  const report = checked.report === false ? null : (checked.report ?? `${output}.html`);
  await checkFiles({ source, output, checkpoint: checkpointPath, report, options: checked });
  // Before it is read: a pipe would wait for a writer.
  await checkOutput(checkpointPath, source, true, 0);
  const before = await readCheckpoint(checkpointPath);
  refuseCheckpoint(before, checkpointPath, resume, overwrite);
  // A run that goes on replaces what it wrote when its time was up.
  const replaces = overwrite || (resume && before !== null);
  await checkOutput(output, source, replaces, 0);
  if (report !== null) await checkOutput(report, source, replaces, 0);

  const onProgress = checked.onProgress ?? ((): void => undefined);
  const engine = await loadForTuning(source, checked);
  try {
    const read = (path: string): Promise<PairSet> =>
      PairSet.read(path, engine, checked.truncate ?? false, signal, (pairs) => {
        if (pairs % PAIRS_A_REPORT === 0) onProgress({ ...READING, step: pairs });
      });
    const pairs = await read(checked.pairs);
    const dev = checked.dev === undefined ? null : await read(checked.dev);
    const settings = settingsOf(checked, resolved, engine, {
      pairs,
      dev,
      modelSha256: (await filesSha256([source], null)).toString('hex'),
    });
    const fingerprint = fingerprintOf(settings);
    const from = resume ? before : null;
    if (from !== null && from.fingerprint !== fingerprint) throw otherRun(checkpointPath);

    const start = await startingRows(file, resolved, {
      ...engine.settings.strategyContext,
      nativeContext: settings.nativeContext,
    });
    const content = (tuned: Parameters<typeof tunedContent>[3]): ReturnType<typeof tunedContent> =>
      tunedContent(file, start, settings, tuned);
    const size = ggufSize(content({ rows: start.rows, step: 0, dev: null, pairs: pairs.length }));
    await checkOutput(output, source, replaces, size);
    // The new one and the one before it are there together for a moment.
    await checkOutput(checkpointPath, source, true, 2 * checkpointBytes(start.rows.length, dev !== null));

    const tuner = await startJob(() =>
      addon().startTuner(engine.native, {
        pooling: settings.pooling,
        rows: start.rows,
        frozen: start.frozen,
        threads: checked.threads ?? 0,
      }),
    ).promise;
    try {
      const rows = start.rows.length / start.columns;
      const trainer = await Trainer.start({ tuner, settings, pairs, dev, rows, signal, onProgress }, from);
      const save = async (): Promise<void> =>
        writeCheckpoint(checkpointPath, await trainer.checkpoint(fingerprint));
      await advanceAll(trainer, save, checked, engine.warnings);

      const result = await trainer.result();
      onProgress({ ...READING, phase: 'writing', step: trainer.step, steps: settings.steps });
      await saveGguf(output, content({ ...result, pairs: pairs.length }), {});
      if (report !== null)
        await writeReport(report, { input, output, settings, history: trainer.history, result });
      if (trainer.isDone) await rm(checkpointPath, { force: true });
      return {
        path: output,
        sizeBytes: size,
        spec: settings.spec,
        nativeContext: settings.nativeContext,
        contextLength: resolved.target,
        learnedRows: start.frozen.reduce((sum, frozen) => sum + (frozen === 0 ? 1 : 0), 0),
        step: trainer.step,
        steps: settings.steps,
        finished: trainer.isDone,
        loss: trainer.history.losses.at(-1) ?? null,
        dev: result.dev,
        devBefore: trainer.history.dev[0] ?? null,
        truncated: pairs.truncated + (dev?.truncated ?? 0),
        report,
        checkpoint: trainer.isDone ? null : checkpointPath,
      };
    } finally {
      tuner.dispose();
    }
  } finally {
    await engine.native.dispose();
  }
}

/** Pairs between two reports while they are read. */
const PAIRS_A_REPORT = 100;

const READING: TuneProgress = {
  phase: 'reading',
  fraction: 0,
  step: 0,
  steps: 0,
  loss: null,
  learningRate: null,
  secondsLeft: null,
  dev: null,
};

const DEFAULT_CHECKPOINT_MINUTES = 3;
const MINUTE_MS = 60_000;

/**
 * Steps until all are done or the time is up, with a checkpoint now and then and at the end, however it ends: by an error, by the
 * signal, or because the time is up.
 * @param save writes a checkpoint
 */
async function advanceAll(
  trainer: Trainer,
  save: () => Promise<void>,
  { limitMinutes = Infinity, checkpointMinutes = DEFAULT_CHECKPOINT_MINUTES }: TuneOptions,
  warnings: { tell: (message: string) => void },
): Promise<void> {
  const end = performance.now() + limitMinutes * MINUTE_MS;
  let saved = { step: trainer.step, at: performance.now() };
  const trySave = async (): Promise<void> => {
    if (trainer.step === saved.step) return;
    try {
      await save();
      saved = { step: trainer.step, at: performance.now() };
    } catch (error) {
      // A disk that is full now may have room later, and the checkpoint before is still there.
      warnings.tell(`A checkpoint could not be written: ${(error as Error).message}`);
      saved = { ...saved, at: performance.now() };
    }
  };
  try {
    // A step at least, so that the shortest time gets somewhere.
    for (let isUp = false; !trainer.isDone && !isUp; isUp = performance.now() >= end) {
      await trainer.advance();
      if (performance.now() - saved.at >= checkpointMinutes * MINUTE_MS) await trySave();
    }
  } finally {
    await trySave();
  }
}

/** Refuses files of which one would replace another, or what the run reads. */
async function checkFiles(files: {
  readonly source: string;
  readonly output: string;
  readonly checkpoint: string;
  readonly report: string | null;
  readonly options: TuneOptions;
}): Promise<void> {
  const { source, output, checkpoint, report, options } = files;
  await checkDistinct(
    [
      { name: 'output', path: output },
      { name: 'checkpoint', path: checkpoint },
      ...(report === null ? [] : [{ name: 'report', path: report }]),
    ],
    [
      { name: 'model', path: source },
      { name: 'file of pairs', path: options.pairs },
      ...(options.dev === undefined ? [] : [{ name: 'file of held-out pairs', path: options.dev }]),
    ],
  );
}

function refuseCheckpoint(
  before: Checkpoint | null,
  path: string,
  resume: boolean,
  overwrite: boolean,
): void {
  if (before === null || resume || overwrite) return;
  throw new LongEmbedError(
    'ERR_INVALID_OPTION',
    `${path} is the checkpoint of a run of ${before.state.steps} steps: go on from it (resume, --resume), or allow beginning anew ` +
      '(overwrite, --force).',
  );
}

function otherRun(path: string): LongEmbedError {
  return new LongEmbedError(
    'ERR_INVALID_OPTION',
    `The checkpoint ${path} is of a run with another model, other pairs or other settings: give those of that run, or begin anew ` +
      'without resume (overwrite, --force).',
  );
}
