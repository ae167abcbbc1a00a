import { parseSimArguments, runSim } from "./sim-command.ts";

const parsed = parseSimArguments(process.argv.slice(2));
if (!parsed.ok) {
  process.stderr.write(`${parsed.message}\n`);
  process.exitCode = parsed.exitCode;
} else {
  process.exitCode = runSim(parsed.settings, (line) => process.stdout.write(`${line}\n`));
}
