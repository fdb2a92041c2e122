/**
 * An object of named values. It gets its prototype last: filled without one it is a plain table from the start, which is faster,
 * and every name is only a name, `__proto__` too.
 */
export function recordOf<Value>(
  size: number,
  name: (index: number) => string,
  value: (index: number) => Value,
): Record<string, Value> {
  const record = Object.create(null) as Record<string, Value>;
  for (let index = 0; index < size; index++) record[name(index)] = value(index);
  return Object.setPrototypeOf(record, Object.prototype) as Record<string, Value>;
}
