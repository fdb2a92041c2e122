/** Something with some of its parts replaced; the rest goes to the real one. */
export function replaced<Subject extends object>(real: Subject, change: Partial<Subject>): Subject {
  return new Proxy(real, {
    get(target, name) {
      const changed = (change as Record<string | symbol, unknown>)[name];
      if (changed !== undefined) return changed;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
