import { z } from "zod";
import { fixes } from "./schema.ts";

/** Where in a value: keys and list places from the top. */
export type ValuePath = readonly (string | number)[];

/** `tasks[2].dependsOn[0]`. */
export function formatPath(path: ValuePath): string {
  return path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : text === "" ? part : `${text}.${part}`),
    "",
  );
}

/** The reverse of {@link formatPath} for the paths that checks of a plan give. */
export function parsePath(text: string): (string | number)[] {
  return [...text.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, place, key]) =>
    place === undefined ? (key ?? "") : Number(place),
  );
}

/** The keys that are legal at a place. */
export function legalKeys(schema: z.ZodType, path: ValuePath): readonly string[] {
  return schemasAt(schema, path).flatMap((part) =>
    part instanceof z.ZodObject ? Object.keys(part.shape) : [],
  );
}

/** What to do about a value that was refused at a place; the nearest advice from there upwards. */
export function fixAt(schema: z.ZodType, path: ValuePath): string | undefined {
  for (let length = path.length; length > 0; length--)
    for (const part of schemasAt(schema, path.slice(0, length))) {
      const fix = fixes.get(part)?.fix;
      if (fix !== undefined) return fix;
    }
  return undefined;
}

/** The schemas that apply at a place, with and without their wrappers. */
function schemasAt(schema: z.ZodType, path: ValuePath): z.ZodType[] {
  let current = unwrap(schema);
  for (const part of path) current = current.flatMap((at) => below(at, part)).flatMap(unwrap);
  return current;
}

function below(schema: z.ZodType, part: string | number): z.ZodType[] {
  if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
  if (schema instanceof z.ZodObject) {
    const inner: unknown = (schema.shape as Readonly<Record<string, unknown>>)[String(part)];
    return inner instanceof z.ZodType ? [inner] : [];
  }
  return [];
}

function unwrap(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return [schema, ...unwrap(schema.unwrap() as z.ZodType)];
  if (schema instanceof z.ZodUnion)
    return [schema, ...schema.options.flatMap((option) => unwrap(option as z.ZodType))];
  return [schema];
}
