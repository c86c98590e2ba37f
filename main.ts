// The shortest way there is: whoever asks for the version needs neither options nor commands.
if (Deno.args[0] === "--version") {
  const { versionPage } = await import("./src/cli/version.ts");
  const { writeOut } = await import("./src/cli/write_text.ts");
  writeOut(versionPage());
  Deno.exit();
}
const { realEnvironment } = await import("./src/cli/real_environment.ts");
const { runCli } = await import("./src/cli/run_cli.ts");
const status = await runCli(Deno.args, realEnvironment(import.meta.filename!));
// Set where standard output took no more.
Deno.exit(status || Deno.exitCode);
