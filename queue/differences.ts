import { display } from '../lib/error.js';

type Json = string | number | boolean | null | undefined | readonly Json[] | { readonly [key: string]: Json };

/**
 * Where two values of JSON differ, each as a clause: `extend is "pcw:4k" here and "ntk:4k" there`.
 * @param names what the two are: ['here', 'there']
 * @param passOver keys that need not agree
 */
export function differences(
  one: unknown,
  other: unknown,
  names: readonly [string, string],
  passOver: readonly string[] = [],
): string[] {
  const found: string[] = [];
  const compare = (a: Json, b: Json, path: string): void => {
    if (isObject(a) && isObject(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        if (!passOver.includes(key)) compare(a[key], b[key], path === '' ? key : `${path}.${key}`);
      }
    } else if (JSON.stringify(a) !== JSON.stringify(b)) {
      found.push(`${path} is ${shown(a)} ${names[0]} and ${shown(b)} ${names[1]}`);
    }
  };
  compare(one as Json, other as Json, '');
  return found;
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: Json): string {
  return typeof value === 'object' ? JSON.stringify(value) : display(value);
}
