import { stripVTControlCharacters } from "node:util";
import { sumOutcomes, type OutcomeReader, type TestOutcome } from "./outcome.ts";
import { readBun, readDeno, readJest, readJestJson, readMocha, readVitest } from "./runners/javascript.ts";
import { readAnyTap, readNodeTest } from "./runners/node-test.ts";
import {
  readCargo,
  readGo,
  readJunit,
  readPytest,
  readRspec,
  readUnittest,
} from "./runners/other-languages.ts";

const READERS: readonly OutcomeReader[] = [
  readNodeTest,
  readAnyTap,
  readVitest,
  readJest,
  readJestJson,
  readMocha,
  readBun,
  readDeno,
  readPytest,
  readUnittest,
  readGo,
  readCargo,
  readRspec,
  readJunit,
];

/**
 * What a test command's output says, whatever runners it started: node:test, any TAP, vitest, jest, mocha, bun, deno,
 * pytest, unittest, go, cargo, rspec and Surefire. `undefined` if it is none of these.
 */
export function readTestOutcome(output: string): TestOutcome | undefined {
  const plain = stripVTControlCharacters(output).replaceAll("\r\n", "\n");
  return sumOutcomes(READERS.flatMap((read) => read(plain) ?? []));
}
