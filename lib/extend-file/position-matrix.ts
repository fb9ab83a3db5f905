import { LongEmbedError } from '../error.js';
import { F32, tensorTypeName } from '../gguf/index.js';
import type { Changes, Extension } from './content.js';
import { POSITION_MATRIX, positionMatrix } from './file-facts.js';
import { copiedRows, interpolatedRows, isReadable } from './interpolate.js';

/**
 * A position matrix with a row for each token of the longest text: row i is what the strategy gives the token at index
 * i. Rows of the original are copied in its type; rows between them are F32, the type in which llama.cpp's converter
 * writes position matrices (its quantizer leaves them alone), so that nothing is lost.
 * @throws LongEmbedError ERR_STRATEGY_UNSUPPORTED, ERR_MODEL_INVALID
 */
export async function positionMatrixChanges({ file, resolved, plan }: Extension): Promise<Changes> {
  const tensor = positionMatrix(file.header);
  const [columns = 0, rows = 0] = tensor?.shape ?? [];
  if (tensor?.shape.length !== 2 || columns < 1 || rows < 1) {
    throw new LongEmbedError(
      'ERR_MODEL_INVALID',
      `"${file.path}" has a tensor ${POSITION_MATRIX} that is not a matrix.`,
    );
  }
  const positions = plan.positions ?? Float32Array.from({ length: resolved.target }, (_, i) => i);
  const whole = positions.every(Number.isInteger);
  if (!whole && !isReadable(tensor.type)) {
    throw new LongEmbedError(
      'ERR_STRATEGY_UNSUPPORTED',
      `The position matrix of "${file.path}" is quantized (${tensorTypeName(tensor.type)}): rows between its rows can only be computed ` +
        `from F32, F16 or BF16. Use a file whose position matrix is not quantized, or gp or rp, which copy rows.`,
    );
  }
  const matrix = { columns, rows, type: tensor.type, bytes: await file.read(tensor) };
  const shape = [columns, positions.length];
  return {
    metadata: [],
    tensors: [
      whole
        ? {
            name: tensor.name,
            shape,
            type: tensor.type,
            byteLength: (tensor.byteLength / rows) * positions.length,
            data: () => copiedRows(matrix, positions),
          }
        : {
            name: tensor.name,
            shape,
            type: F32,
            byteLength: columns * positions.length * 4,
            data: () => interpolatedRows(matrix, positions),
          },
    ],
  };
}
