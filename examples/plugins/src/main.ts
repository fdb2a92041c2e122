import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { main } from "@mnemosyne/cli";

// A fresh copy of the project, so that each run begins alike.
const folder = await mkdtemp(path.join(tmpdir(), "mnemosyne-plugins-"));
try {
  await cp(fileURLToPath(new URL("../project", import.meta.url)), folder, { recursive: true });
  process.chdir(folder);
  const config = fileURLToPath(new URL("mnemosyne.config.js", import.meta.url));
  process.exitCode = await main(["run", "plan.yaml", "--script", "script.json", "--config", config]);
  if (process.exitCode === 0)
    for (const file of ["CHANGELOG.md", "announcement.md"])
      process.stdout.write(`\n${file}\n${await readFile(file, "utf8")}`);
} finally {
  process.chdir(tmpdir());
  await rm(folder, { recursive: true, force: true });
}
