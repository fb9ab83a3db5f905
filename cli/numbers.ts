import { InvalidArgumentError } from 'commander';

/**
 * Makes the reader of an option that takes a whole number, or one in k: 4k is 4096.
 * @param least the smallest that is allowed
 */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const parts = /^(\d+)(k?)$/i.exec(text);
    const value = parts === null ? Number.NaN : Number(parts[1]) * (parts[2] === '' ? 1 : 1024);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least}, such as 512 or 4k.`);
  };
}
