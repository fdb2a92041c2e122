#!/usr/bin/env node
// Not the public index: what that offers to programs would be loaded at every call.
import { main } from "../dist/command/main.js";

process.exitCode = await main(process.argv.slice(2));
