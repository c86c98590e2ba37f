// Proves on a real Slurm that the DataLad SLURM extension takes dlslurm's commits and dlslurm the
// extension's, in every form that its releases wrote, and that open jobs can be adopted.
// usage: deno run -A scripts/check_both_ways.ts [--program FILE] [--only WORDS] FOLDER
//   FOLDER     where the Python extension is installed (pip install --no-deps --target FOLDER
//              datalad-slurm==0.2.5); it is no part of this repository
//   --program  the dlslurm to check; without it, that of this checkout
//   --only     cases whose name holds these words
// needs: git, git-annex, datalad, xz, and a Slurm with accounting on which anyone may submit.
// Exit status: 0 all hold, 1 one does not, 2 wrong usage.
import { fileURLToPath } from "node:url";
import { join, resolve } from "node:path";
import { CASES } from "./both_ways/cases.ts";
import { SharedDataset } from "./both_ways/world.ts";
import { say } from "./say.ts";

const project = fileURLToPath(new URL("..", import.meta.url));

const args = [...Deno.args];
const program = optionOf("--program");
const only = optionOf("--only") ?? "";
const extension = args.length === 1 ? resolve(args[0]!) : undefined;
if (extension === undefined || !isThere(join(extension, "datalad_slurm"))) {
  await say("usage: deno run -A scripts/check_both_ways.ts [--program FILE] [--only WORDS] FOLDER");
  await say("FOLDER must hold datalad_slurm, as pip install --target makes it");
  Deno.exit(2);
}
const argv = program === undefined
  ? [Deno.execPath(), "run", "-A", "-q", "--config", `${project}deno.json`, `${project}main.ts`]
  : [resolve(program)];
const folder = await Deno.makeTempDir({ prefix: "dlslurm-both-ways-" });
let failures = 0;
try {
  const env = await environmentFor(folder);
  for (const [at, { name, check }] of CASES.entries()) {
    if (!name.includes(only)) continue;
    try {
      // A dataset for each: what one case leaves open is in no other's way.
      const dataset = await SharedDataset.create(folder, `dataset${at}`, env, argv);
      const scratch = join(folder, `scratch${at}`);
      await Deno.mkdir(scratch);
      await check(dataset, scratch);
      await say(`PASS  ${name}`);
    } catch (error) {
      failures++;
      await say(`FAIL  ${name}\n${error instanceof Error ? error.message : error}`);
    }
  }
} finally {
  await new Deno.Command("chmod", { args: ["-R", "u+w", folder], stderr: "null" }).output();
  await Deno.remove(folder, { recursive: true });
}
await say(failures === 0 ? "all hold" : `${failures} do not hold`);
Deno.exit(failures === 0 ? 0 : 1);

function optionOf(name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args.splice(at, 2)[1];
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** The user's environment with the extension in it and nobody's settings. */
async function environmentFor(home: string): Promise<Record<string, string>> {
  await Deno.writeTextFile(
    join(home, ".gitconfig"),
    "[user]\n\tname = Both Ways\n\temail = both@example.org\n",
  );
  const cache = join(Deno.env.get("HOME") ?? home, ".cache");
  return {
    ...Deno.env.toObject(),
    HOME: home,
    GIT_CONFIG_NOSYSTEM: "1",
    PYTHONPATH: extension!,
    DENO_DIR: Deno.env.get("DENO_DIR") ?? join(cache, "deno"),
    DLSLURM_CACHE_DIR: Deno.env.get("DLSLURM_CACHE_DIR") ?? join(cache, "dlslurm"),
    NO_COLOR: "1",
  };
}
