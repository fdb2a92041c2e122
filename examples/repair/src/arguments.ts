import { parseArgs } from "node:util";
import { MnemosyneError } from "@mnemosyne/core";

/** What the example was asked for. */
export interface DemoArguments {
  /** Play a script even where a key is set. */
  readonly scripted: boolean;
  /** `honest`, `lies`, or a file of one's own. */
  readonly script: string;
  /** Remove the project's copy afterwards. */
  readonly clean: boolean;
}

/** Reads the arguments. Throws `E_INPUT` for one that is not known. */
export function readArguments(args: readonly string[]): DemoArguments {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        scripted: { type: "boolean" },
        script: { type: "string" },
        clean: { type: "boolean" },
      },
    });
    return {
      scripted: values.scripted === true || values.script !== undefined,
      script: values.script ?? "honest",
      clean: values.clean === true,
    };
  } catch (error) {
    throw new MnemosyneError(
      "E_INPUT",
      `${error instanceof Error ? error.message : String(error)}. Known are --scripted, --script honest|lies|FILE and --clean.`,
      { kind: "input" },
    );
  }
}
