import { Argument, type Command } from "commander";
import type { InitFlags } from "../setup/init.ts";
import type { AttachPlain } from "./plain-verb.ts";

/** The verbs that set a project up and find out what is wrong with it. */
export function addSetupCommands(program: Command, attach: AttachPlain): void {
  attach<InitFlags>(
    program
      .command("init")
      .summary("set up a project")
      .description(
        "Writes a config, a first plan, an entry for MCP clients and a .gitignore line in the git root (else here), and says what it wrote. What is there already stays as it is.",
      )
      .option("--dry-run", "only say what would be written"),
    async (call, options) => (await import("../setup/init.ts")).init(call, options),
  );
  attach(
    program
      .command("doctor")
      .summary("find out what is wrong")
      .description(
        "Looks at Node, config, database, locks, key, sandbox, skills and git, and says how to put right what is not. Exit code 1 when something is broken.",
      ),
    async (call) => (await import("../doctor/doctor.ts")).doctor(call),
  );
  attach(
    program
      .command("completion")
      .description("Prints a script that completes verbs and options in a shell.")
      .addArgument(new Argument("<shell>", "which shell").choices(["bash", "zsh", "fish"]))
      .addHelpText(
        "after",
        "\nExamples:\n  mnemosyne completion bash >> ~/.bashrc\n  mnemosyne completion zsh > ~/.zfunc/_mnemosyne\n  mnemosyne completion fish > ~/.config/fish/completions/mnemosyne.fish",
      ),
    async ({ output }, _options, shell = "") => {
      const { completionScript } = await import("../completion/completion-script.ts");
      output.line(completionScript(program, shell));
      return 0;
    },
  );
}
