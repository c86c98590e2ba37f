/**
 * Says which module of src has no test where a reader looks for it: tests/<same path>_test.ts.
 *
 * usage: deno run -A scripts/check_mirrors.ts [--list] [PROJECT]
 *
 * Modules that hold nothing but types and re-exports need no test; for others that have none the reason
 * is in scripts/mirrors/reasons.ts. Prints how many there are of each kind, and each module that has neither;
 * with --list each without a test, and its reason. The exit status is 1 if one has no reason, or a reason is
 * out of date. PROJECT is the folder that src and tests lie in, by default this project.
 */
import { fileURLToPath } from "node:url";
import { findMirrors, summarizeMirrors } from "./mirrors/find_mirrors.ts";
import { REASONS } from "./mirrors/reasons.ts";
import { say } from "./say.ts";

if (import.meta.main) {
  const options = Deno.args.filter((arg) => arg.startsWith("-"));
  const [folder = fileURLToPath(new URL("..", import.meta.url))] = Deno.args.filter((arg) =>
    !arg.startsWith("-")
  );
  const unknown = options.find((option) => option !== "--list");
  if (unknown !== undefined) throw new SyntaxError(`unknown argument "${unknown}"`);
  const mirrors = await findMirrors(folder, REASONS);
  const { unmirrored, idleReasons } = mirrors;
  const bare = unmirrored.filter(({ reason }) => reason === undefined);
  for (const { path, reason } of options.includes("--list") ? unmirrored : bare) {
    await say(`${path}: ${reason ?? "no test, and no reason"}`);
  }
  for (const path of idleReasons) {
    await say(`${path}: scripts/mirrors/reasons.ts gives a reason that nothing needs`);
  }
  await say(summarizeMirrors(mirrors));
  Deno.exit(bare.length === 0 && idleReasons.length === 0 ? 0 : 1);
}
