/** A score from 0 to 1 as the paper prints it: in percent with one decimal; a dash for no score. */
export function percent(score: number | null | undefined): string {
  return score === null || score === undefined ? '-' : (score * 100).toFixed(1);
}

/** A difference of two scores in percentage points, with its sign: "+12.4", "-0.3", "0.0". */
export function points(difference: number): string {
  const text = (difference * 100).toFixed(1);
  if (Number(text) === 0) return '0.0';
  return difference > 0 ? `+${text}` : text;
}

/** A length in tokens, abbreviated: 512, 1k, 32k. */
export function shortLength(tokens: number): string {
  return tokens >= 1024 && tokens % 1024 === 0 ? `${tokens / 1024}k` : String(tokens);
}
