import type { RunSignal, TaskId } from "@mnemosyne/core";
import { HttpError } from "./http-error.ts";

type Body = Readonly<Record<string, unknown>>;

const LONGEST = 10_000;

/**
 * The decision in a request: `{ type: "approve" | "deny" | "answer" | "cancel" | "retry" | "rollback", task?, text?,
 * question?, subject?, reason? }`.
 */
export function readSignal(body: Body): RunSignal {
  const by = "dashboard";
  switch (body["type"]) {
    case "approve":
      return { type: "approval.granted", task: task(body), by, ...optional(body, "subject") };
    case "deny":
      return { type: "approval.denied", task: task(body), by, ...optional(body, "reason") };
    case "answer":
      return {
        type: "question.answered",
        task: task(body),
        text: text(body, "text"),
        by,
        ...optional(body, "question"),
      };
    case "cancel":
      return { type: "run.cancelled", by, ...optional(body, "reason") };
    case "retry":
      return { type: "retry.requested", task: task(body), by };
    case "rollback":
      return {
        type: "rollback.requested",
        by,
        ...(body["to"] === undefined ? {} : { to: text(body, "to") as TaskId }),
      };
    default:
      throw new HttpError(400, "'type' must be approve, deny, answer, cancel, retry or rollback.");
  }
}

function task(body: Body): TaskId {
  return text(body, "task") as TaskId;
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== "string" || value === "" || value.length > LONGEST)
    throw new HttpError(400, `'${name}' must be a text of 1 to ${LONGEST} characters.`);
  return value;
}

function optional<Name extends string>(body: Body, name: Name): { readonly [Key in Name]?: string } {
  return body[name] === undefined ? {} : ({ [name]: text(body, name) } as { readonly [Key in Name]: string });
}
