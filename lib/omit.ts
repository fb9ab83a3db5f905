/** A copy of an object without some of its keys. */
export function omit<T extends object, const K extends PropertyKey>(
  value: T,
  ...keys: readonly K[]
): Omit<T, K> {
  const left: readonly PropertyKey[] = keys;
  return Object.fromEntries(Object.entries(value).filter(([key]) => !left.includes(key))) as Omit<T, K>;
}
