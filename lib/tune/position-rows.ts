import { LongEmbedError } from '../error.js';
import type { ResolvedExtend, StrategyContext } from '../extend/index.js';
import { planDocument } from '../extend/index.js';
import { type Matrix, numbersAt } from '../extend-file/interpolate.js';
import { positionMatrix } from '../extend-file/file-facts.js';
import { isReadable } from '../extend-file/interpolate.js';
import { type GgufFile, tensorTypeName } from '../gguf/index.js';
import type { ShortInputs } from '../model/presets/index.js';

/** A position matrix to begin with, and which of its rows stay. */
export interface PositionRows {
  /** [target][columns] */
  readonly rows: Float32Array;
  readonly columns: number;
  /** Of each row: 1 where it stays as it is. */
  readonly frozen: Uint8Array;
  /** Where short inputs find the original's rows; null: at their own indices. */
  readonly shortInputs: ShortInputs | null;
}

/**
 * The rows that a strategy gives, of which those of the original stay: short inputs find them there, at multiples of s with pi, and
 * first with rp.
 * @throws LongEmbedError ERR_STRATEGY_UNSUPPORTED, ERR_MODEL_INVALID
 */
export async function startingRows(
  file: GgufFile,
  resolved: ResolvedExtend,
  context: StrategyContext,
): Promise<PositionRows> {
  const { method, target } = resolved;
  const { nativeContext } = context;
  const stride = method === 'pi' ? strideOf(resolved, nativeContext) : 1;
  const isOriginal = (row: number): boolean => (method === 'pi' ? row % stride === 0 : row < nativeContext);
  const [plan] = planDocument(resolved, context, target, { before: 0, after: 0 });
  const positions = plan?.positions;
  if (positions === null || positions === undefined)
    throw unsupported(`"${resolved.spec}" adds no rows: give a target beyond the native context.`);
  const matrix = await readMatrix(file);
  const rows = numbersAt(matrix, positions);
  return {
    rows,
    columns: matrix.columns,
    frozen: Uint8Array.from({ length: target }, (_, row) => (isOriginal(row) ? 1 : 0)),
    shortInputs: stride > 1 ? { upTo: nativeContext, stride } : null,
  };
}

/** s, where all rows of the native context are among the new ones. */
function strideOf({ parameters, spec, target }: ResolvedExtend, nativeContext: number): number {
  const s = Number(parameters['s']);
  if (Number.isInteger(s) && (nativeContext - 1) * s < target) return s;
  const whole = Math.ceil(s);
  throw unsupported(
    `"${spec}" divides positions by ${Number(s.toFixed(3))}, and not all rows of the original are among the new ones then, which keep short ` +
      `texts exact: give a target of ${whole * nativeContext}, or another multiple of the native context, without s=.`,
  );
}

async function readMatrix(file: GgufFile): Promise<Matrix> {
  const tensor = positionMatrix(file.header);
  const [columns = 0, rows = 0] = tensor?.shape ?? [];
  if (tensor?.shape.length !== 2 || columns < 1 || rows < 1) {
    throw new LongEmbedError('ERR_MODEL_INVALID', `"${file.path}" has no position matrix that can be read.`);
  }
  if (!isReadable(tensor.type)) {
    throw unsupported(
      `The position matrix of "${file.path}" is quantized (${tensorTypeName(tensor.type)}), which rows that learn cannot begin from: ` +
        'use a file whose position matrix is F32, F16 or BF16.',
    );
  }
  return { columns, rows, type: tensor.type, bytes: await file.read(tensor) };
}

function unsupported(message: string): LongEmbedError {
  return new LongEmbedError('ERR_STRATEGY_UNSUPPORTED', message);
}
