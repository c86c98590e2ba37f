// The shortest way there is: whoever asks for the version needs neither options nor commands.
if (Deno.args[0] === "--version") {
  const { versionPage } = await import("./src/cli/version.ts");
  const { writeOut } = await import("./src/cli/write_text.ts");
  writeOut(versionPage());
  Deno.exit();
}
const { realEnvironment } = await import("./src/cli/real_environment.ts");
const environment = realEnvironment(import.meta.filename!);
const [command, ...args] = Deno.args;
const { isForwarded, runForwardedFirst } = await import("./src/cli/run_forwarded.ts");
let status: number;
if (isForwarded(command)) {
  // A Slurm that scripts call a thousand times is to answer at once.
  status = await runForwardedFirst([command, ...args], environment);
} else {
  const { runCli } = await import("./src/cli/run_cli.ts");
  status = await runCli(Deno.args, environment);
}
// Set where standard output took no more.
Deno.exit(status || Deno.exitCode);
