/** Which strategies a GGUF file can hold, and how its vectors differ from longembed's own. */
import { LongEmbedError } from '../error.js';
import {
  type Extend,
  exactSpec,
  formatExtend,
  METHODS,
  type ResolvedExtend,
  sizesOf,
  STRATEGIES,
  type StrategyContext,
} from '../extend/index.js';
import type { Preset } from '../model/presets/index.js';

/** The strategies that the file of a model with this position encoding can hold. */
export function writableMethods(encoding: StrategyContext['positionEncoding']): Extend['method'][] {
  return METHODS.filter((method) => {
    const { file } = STRATEGIES[method];
    return typeof file !== 'string' && file.encodings.includes(encoding);
  });
}

/**
 * @throws LongEmbedError ERR_STRATEGY_UNSUPPORTED when a GGUF file cannot hold the strategy for such a model
 */
export function checkWritable(
  given: Extend,
  { positionEncoding }: Pick<StrategyContext, 'positionEncoding'>,
): void {
  const { method } = given;
  const { file } = STRATEGIES[method];
  const others = writableMethods(positionEncoding);
  if (!others.includes(method)) {
    const reason =
      typeof file === 'string'
        ? file
        : 'other programs rotate token i by position i, and this model has no position matrix to change that';
    throw unsupported(
      `A GGUF file cannot hold ${method}: ${reason}. Use ${others.join(' or ')}, or give ${method} to longembed embed.`,
    );
  }
  if (given.attentionScale === undefined || given.attentionScale === 'off') return;
  const without = formatExtend({ ...given, attentionScale: 'off' });
  throw unsupported(
    `A GGUF file has no place for attention scaling: disable it explicitly, ${without}, or give the strategy to longembed embed.`,
  );
}

function unsupported(message: string): LongEmbedError {
  return new LongEmbedError('ERR_STRATEGY_UNSUPPORTED', message);
}

/** The strategy as the file has it: with fixed numbers, and without attention scaling. */
export function specInFile({ method, target, parameters }: ResolvedExtend, context: StrategyContext): string {
  const { file } = STRATEGIES[method];
  const inFile = typeof file === 'string' ? undefined : file.inFile?.(parameters, sizesOf(target, context));
  return exactSpec(method, target, inFile ?? parameters, 'off');
}

/**
 * Sentences for the user: how the file's vectors differ from those of longembed's own strategy.
 * @param spec the strategy as the file has it
 */
export function notesOn(
  given: Extend,
  { method, target, parameters }: ResolvedExtend,
  context: StrategyContext,
  spec: string,
  preset: Preset | null,
): string[] {
  const { file } = STRATEGIES[method];
  const Lo = context.nativeContext;
  const notes: string[] = [];
  const shortDiffer = typeof file !== 'string' && file.changesShortInputs;
  if (shortDiffer) {
    notes.push(
      `Texts of up to ${Lo} tokens, the native context, come out differently from longembed's own ${method}, which leaves them ` +
        'unchanged: in the file they have the positions of long ones.',
    );
  }
  const note = typeof file === 'string' ? undefined : file.note?.(parameters, sizesOf(target, context));
  if (typeof note === 'string') notes.push(note);
  if (given.attentionScale === undefined && target > Lo) {
    notes.push(
      'Attention scaling, which longembed does by default past the native context, is not in the file: GGUF has no place for it.',
    );
  }
  if (preset?.shortInputs !== undefined) {
    const { upTo, stride } = preset.shortInputs;
    notes.push(
      `longembed gives texts of up to ${upTo} tokens every ${stride}th position of ${preset.name}; no program does that with the file.`,
    );
  }
  notes.push(
    `The vectors are those of longembed's ${spec} on the original` +
      `${shortDiffer ? `, for texts of ${Lo + 1} to ${target} tokens` : ''}. ` +
      'Pooling, prompts and special tokens are as they were.',
  );
  return notes;
}
