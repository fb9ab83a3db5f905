/**
 * Fields of other servers (Voyage, vLLM, Jina) that change what an answer's numbers are. Unlike further fields that are unknown here
 * they must not be passed over: their clients would decode float32 as something else, and notice nothing.
 */
import { z } from 'zod';
import { optional } from '../settings.js';

const floats = optional(z.enum(['float', 'float32'], 'float or float32: vectors are float32'));

export const numberFormat = {
  output_dtype: floats.describe('float32 is all there is'),
  embed_dtype: floats.describe('The same as output_dtype'),
  embedding_type: optional(
    z.literal('float', 'float: encoding_format says how vectors are written').describe('Not used'),
  ),
  endianness: optional(
    z
      .enum(['little', 'native'], 'little or native: base64 holds little-endian numbers')
      .describe('base64 holds little-endian numbers'),
  ),
};
